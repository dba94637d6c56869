import Kernels

/// x sigmoid(x), also called swish.
struct SiLU: VectorisedOperator {
  static let name = "silu"

  var function: ElementwiseFunction { .silu }

  func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.apply(SiLUDerivative(), [input])
  }
}
