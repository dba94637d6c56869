/// max(x, 0), or x * slope below zero. The derivative at 0 is the slope, as in PyTorch.
struct ReLU: ElementwiseOperator {
  static let name = "relu"

  var slope: Float = 0

  // NaN must stay visible, and minus infinity times a slope of 0 must not become NaN.
  @inline(__always)
  func callAsFunction(_ x: Float) -> Float { x < 0 ? (slope == 0 ? 0 : slope * x) : x }

  // Gating by the output, not the input: they have the same sign (for slopes of at least 0), and then the input's memory can
  // be reused.
  func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    [try graph.apply(Gate(slope: slope), [gradient, slope < 0 ? inputs[0] : output])]
  }

  func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    guard let tangent = tangents[0] else { return nil }
    return try graph.apply(Gate(slope: slope), [tangent, slope < 0 ? inputs[0] : output])
  }

  func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    let one = graph.constant(1)
    return try graph.apply(Gate(slope: slope), [one, slope < 0 ? input : output])
  }
}
