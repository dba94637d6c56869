/// 1 where left = right, else 0. Piecewise constant: its derivative is zero.
struct Equal: BroadcastingOperator {
  static let name = "equal"

  func callAsFunction(_ left: Float, _ right: Float) -> Float { left == right ? 1 : 0 }

  func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] { [nil, nil] }

  func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? { nil }
}
