/// tanh x.
package struct HyperbolicTangent: ElementwiseOperator {
  package static let name = "tanh"

  package var expression: ScalarExpression { .unary(.hyperbolicTangent, .x) }

  package func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.subtract(graph.constant(1), graph.multiply(output, output))
  }
}
