import Foundation

/// log(1 + e to the (beta x)) / beta; the smooth rectifier. Above beta x = 20 it is x, as in PyTorch.
struct Softplus: ElementwiseOperator {
  static let name = "softplus"

  var beta: Float = 1

  func callAsFunction(_ x: Float) -> Float { beta * x > 20 ? x : log1p(exp(beta * x)) / beta }

  func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.sigmoid(graph.multiply(input, graph.constant(beta)))
  }
}
