import Foundation

/// tanh x.
struct HyperbolicTangent: ElementwiseOperator {
  static let name = "tanh"

  func callAsFunction(_ x: Float) -> Float { tanh(x) }

  func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.subtract(graph.constant(1), graph.multiply(output, output))
  }
}
