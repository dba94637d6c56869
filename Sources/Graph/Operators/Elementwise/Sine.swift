import Foundation

/// sin x, x in radians.
struct Sine: ElementwiseOperator {
  static let name = "sin"

  func callAsFunction(_ x: Float) -> Float { sin(x) }

  func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.apply(Cosine(), [input])
  }
}
