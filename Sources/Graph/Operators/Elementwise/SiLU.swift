import Foundation

/// x sigmoid(x), also called swish.
struct SiLU: ElementwiseOperator {
  static let name = "silu"

  func callAsFunction(_ x: Float) -> Float { x / (1 + exp(-x)) }

  func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    // s + x s (1 - s) = s + y (1 - s)
    let s = try graph.sigmoid(input)
    return try graph.add(s, graph.multiply(output, graph.subtract(graph.constant(1), s)))
  }
}
