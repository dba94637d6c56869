/// Square root.
package struct SquareRoot: ElementwiseOperator {
  package static let name = "sqrt"

  package var expression: ScalarExpression { .unary(.squareRoot, .x) }

  package func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.divide(graph.constant(0.5), output)
  }
}
