/// sin x, x in radians.
package struct Sine: ElementwiseOperator {
  package static let name = "sin"

  package var expression: ScalarExpression { .unary(.sine, .x) }

  package func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.apply(Cosine(), [input])
  }
}
