import Foundation

/// Natural logarithm.
struct Logarithm: ElementwiseOperator {
  static let name = "log"

  func callAsFunction(_ x: Float) -> Float { log(x) }

  func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.divide(graph.constant(1), input)
  }
}
