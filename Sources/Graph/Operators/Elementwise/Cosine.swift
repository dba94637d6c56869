import Foundation

/// cos x, x in radians.
struct Cosine: ElementwiseOperator {
  static let name = "cos"

  func callAsFunction(_ x: Float) -> Float { cos(x) }

  func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.negate(graph.apply(Sine(), [input]))
  }
}
