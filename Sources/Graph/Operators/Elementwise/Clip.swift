/// Limits x to [lower, upper]. The derivative is 1 inside, 0 outside, and exactly on the bounds 1 or 0: PyTorch's relu6 and
/// hardtanh have 0 there, its clamp had 1 until version 2.13 and has 0 since 2.15.
struct Clip: ElementwiseOperator {
  static let name = "clip"

  let lower: Float
  let upper: Float
  var includesBounds = true

  func callAsFunction(_ x: Float) -> Float { min(max(x, lower), upper) }

  func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.apply(Inside(lower: lower, upper: upper, includesBounds: includesBounds), [input])
  }
}

/// 1 where x is in [lower, upper], or in (lower, upper), else 0.
struct Inside: ElementwiseOperator {
  static let name = "inside"

  let lower: Float
  let upper: Float
  var includesBounds = true

  func callAsFunction(_ x: Float) -> Float {
    includesBounds ? (x >= lower && x <= upper ? 1 : 0) : (x > lower && x < upper ? 1 : 0)
  }

  func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? { nil }
}
