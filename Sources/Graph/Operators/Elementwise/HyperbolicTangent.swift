import Kernels

/// tanh x.
struct HyperbolicTangent: VectorisedOperator {
  static let name = "tanh"

  var function: ElementwiseFunction { .hyperbolicTangent }

  func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.subtract(graph.constant(1), graph.multiply(output, output))
  }
}
