/// |x|, with derivative 0 at 0.
struct AbsoluteValue: ElementwiseOperator {
  static let name = "abs"

  func callAsFunction(_ x: Float) -> Float { abs(x) }

  func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.apply(Sign(), [input])
  }
}
