import Foundation

/// Gaussian error linear unit x Phi(x) (Hendrycks and Gimpel 2016), exact or in its tanh approximation.
struct GELU: ElementwiseOperator {
  static let name = "gelu"

  var tanhApproximation = false

  private static let inverseRoot2 = Float(0.5.squareRoot())
  private static let rootTwoOverPi = Float((2 / Double.pi).squareRoot())

  func callAsFunction(_ x: Float) -> Float {
    tanhApproximation
      ? 0.5 * x * (1 + HyperbolicTangent()(Self.rootTwoOverPi * (x + 0.044715 * x * x * x)))
      : 0.5 * x * (1 + erf(x * Self.inverseRoot2))
  }

  func derivative(
    _ graph: inout Graph, input x: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    let half = graph.constant(0.5)
    let one = graph.constant(1)
    let square = try graph.multiply(x, x)
    if tanhApproximation {
      // u = c (x + a x^3), u' = c (1 + 3 a x^2); (1 + tanh u) / 2 + x (1 - tanh^2 u) u' / 2
      let inner = try graph.multiply(x, graph.add(one, graph.multiply(graph.constant(0.044715), square)))
      let t = try graph.tanh(graph.multiply(graph.constant(Self.rootTwoOverPi), inner))
      let slope = try graph.multiply(
        graph.constant(Self.rootTwoOverPi),
        graph.add(one, graph.multiply(graph.constant(3 * 0.044715), square)))
      let bend = try graph.multiply(graph.multiply(x, graph.subtract(one, graph.multiply(t, t))), slope)
      return try graph.multiply(half, graph.add(graph.add(one, t), bend))
    }
    // Phi(x) + x phi(x)
    let scaled = try graph.multiply(x, graph.constant(Self.inverseRoot2))
    let cumulative = try graph.multiply(half, graph.add(one, graph.apply(ErrorFunction(), [scaled])))
    let density = try graph.multiply(
      graph.constant(Float(1 / (2 * Double.pi).squareRoot())), graph.exp(graph.multiply(graph.constant(-0.5), square)))
    return try graph.add(cumulative, graph.multiply(x, density))
  }
}
