/// 1 / (1 + e to the -x).
package struct Sigmoid: ElementwiseOperator {
  package static let name = "sigmoid"

  package var expression: ScalarExpression { .sigmoid(.x) }

  package func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.multiply(output, graph.subtract(graph.constant(1), output))
  }
}
