/// Square root.
struct SquareRoot: ElementwiseOperator {
  static let name = "sqrt"

  func callAsFunction(_ x: Float) -> Float { x.squareRoot() }

  func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.divide(graph.constant(0.5), output)
  }
}
