/// |x|, with derivative 0 at 0.
package struct AbsoluteValue: ElementwiseOperator {
  package static let name = "abs"

  package var expression: ScalarExpression { .unary(.absoluteValue, .x) }

  package func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.apply(Sign(), [input])
  }
}
