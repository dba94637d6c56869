/// Limits x to [lower, upper]; the derivative is 1 inside and on the bounds, as in PyTorch's clamp.
struct Clip: ElementwiseOperator {
  static let name = "clip"

  let lower: Float
  let upper: Float

  func callAsFunction(_ x: Float) -> Float { min(max(x, lower), upper) }

  func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.apply(Inside(lower: lower, upper: upper), [input])
  }
}

/// 1 where x is in [lower, upper], else 0.
struct Inside: ElementwiseOperator {
  static let name = "inside"

  let lower: Float
  let upper: Float

  func callAsFunction(_ x: Float) -> Float { x >= lower && x <= upper ? 1 : 0 }

  func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? { nil }
}
