/// x rounded to a whole number. Piecewise constant: its derivative is zero, as in PyTorch.
package struct Rounding: ElementwiseOperator {
  package static let name = "rounding"

  package enum Direction: Hashable {
    case down, up, towardZero
    /// Halves go to the even neighbour.
    case nearest
  }

  package let direction: Direction

  package var expression: ScalarExpression {
    switch direction {
    case .down: .unary(.floor, .x)
    case .up: .unary(.ceiling, .x)
    case .towardZero: .unary(.truncation, .x)
    case .nearest: .unary(.nearestEven, .x)
    }
  }

  package func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? { nil }
}
