import Kernels

/// 1 / (1 + e to the -x).
struct Sigmoid: VectorisedOperator {
  static let name = "sigmoid"

  var function: ElementwiseFunction { .sigmoid }

  func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.multiply(output, graph.subtract(graph.constant(1), output))
  }
}
