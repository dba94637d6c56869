import Foundation

/// 1 / (1 + e to the -x).
struct Sigmoid: ElementwiseOperator {
  static let name = "sigmoid"

  func callAsFunction(_ x: Float) -> Float { 1 / (1 + exp(-x)) }

  func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.multiply(output, graph.subtract(graph.constant(1), output))
  }
}
