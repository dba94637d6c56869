/// Natural logarithm.
package struct Logarithm: ElementwiseOperator {
  package static let name = "log"

  package var expression: ScalarExpression { .unary(.logarithm, .x) }

  package func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.divide(graph.constant(1), input)
  }
}
