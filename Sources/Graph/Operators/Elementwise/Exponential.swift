import Foundation

/// e to the x.
struct Exponential: ElementwiseOperator {
  static let name = "exp"

  func callAsFunction(_ x: Float) -> Float { exp(x) }

  func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    output
  }
}
