import Foundation

/// log(1 + e to the (beta x)) / beta; the smooth rectifier. Above beta x = 20 it is x, as in PyTorch.
struct Softplus: ElementwiseOperator {
  static let name = "softplus"

  var beta: Float = 1

  // max(z, 0) + log(1 + e) with e = exp(-|z|) in (0, 1]. With s = e / (2 + e) in (0, 1/3],
  // log(1 + e) = 2 atanh(s) = 2 s (1 + s^2 / 3 + s^4 / 5 + ...); the first term left out is s^16 / 17 < 2e-9. Several times
  // faster than the C library's log1p.
  func callAsFunction(_ x: Float) -> Float {
    let z = beta * x
    let e = exp(-abs(z))
    let s = e / (2 + e)
    let t = s * s
    let odd = 1 / 9 + t * (1 / 11 + t * (1 / 13 + t / 15))
    let series = 1 + t * (1 / 3 + t * (1 / 5 + t * (1 / 7 + t * odd)))
    return z > 20 ? x : (max(z, 0) + 2 * s * series) / beta
  }

  func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.sigmoid(graph.multiply(input, graph.constant(beta)))
  }
}
