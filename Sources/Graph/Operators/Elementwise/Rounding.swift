/// x rounded to a whole number. Piecewise constant: its derivative is zero, as in PyTorch.
struct Rounding: ElementwiseOperator {
  static let name = "rounding"

  enum Direction: Hashable {
    case down, up, towardZero
    /// Halves go to the even neighbour.
    case nearest
  }

  let direction: Direction

  func callAsFunction(_ x: Float) -> Float {
    switch direction {
    case .down: x.rounded(.down)
    case .up: x.rounded(.up)
    case .towardZero: x.rounded(.towardZero)
    case .nearest: x.rounded(.toNearestOrEven)
    }
  }

  func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? { nil }
}
