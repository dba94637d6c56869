/// -1, 0 or 1.
struct Sign: ElementwiseOperator {
  static let name = "sign"

  func callAsFunction(_ x: Float) -> Float { x > 0 ? 1 : (x < 0 ? -1 : 0) }

  func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    nil
  }
}
