/// Inputs (signal, reference): signal where reference > 0, else slope * signal. The derivative of the rectifiers, and
/// linear in the signal; piecewise constant in the reference.
struct Gate: BroadcastingOperator {
  static let name = "gate"

  var slope: Float = 0

  // A closed gate gives 0 for an infinite signal too.
  @inline(__always)
  func callAsFunction(_ left: Float, _ right: Float) -> Float {
    right > 0 ? left : (slope == 0 ? 0 : slope * left)
  }

  func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    let signal = try graph.apply(self, [gradient, inputs[1]])
    return [try graph.unbroadcast(signal, to: graph.shape(of: inputs[0])), nil]
  }

  func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    guard let tangent = tangents[0] else { return nil }
    return try graph.apply(self, [tangent, inputs[1]])
  }
}
