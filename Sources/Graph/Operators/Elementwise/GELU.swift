import Kernels

/// Gaussian error linear unit x Phi(x) (Hendrycks and Gimpel 2016), exact or in its tanh approximation.
struct GELU: VectorisedOperator {
  static let name = "gelu"

  var tanhApproximation = false

  var function: ElementwiseFunction { tanhApproximation ? .geluTanh : .gelu }

  func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.apply(GELUDerivative(tanhApproximation: tanhApproximation), [input])
  }
}
