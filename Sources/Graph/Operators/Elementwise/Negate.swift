/// -x.
struct Negate: ElementwiseOperator {
  static let name = "negate"

  func callAsFunction(_ x: Float) -> Float { -x }

  func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    graph.constant(-1)
  }
}
