import Foundation
import Tensor

/// log softmax over the last axis.
struct LogSoftmax: RowOperator {
  static let name = "log-softmax"

  func evaluateRow(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int) {
    let largest = largest(x, count: count)
    var sum = 0.0
    for index in 0..<count { sum += exp(Double(x[index] - largest)) }
    let normaliser = Float(log(sum)) + largest
    for index in 0..<count { y[index] = x[index] - normaliser }
  }

  // dx = g - softmax(x) sum(g)
  func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    let axis = graph.shape(of: output).rank - 1
    let total = try graph.sum(gradient, axes: [axis])
    return [try graph.subtract(gradient, graph.multiply(graph.exp(output), total))]
  }

  // dy = dx - sum(softmax(x) dx)
  func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    guard let tangent = tangents[0] else { return nil }
    let axis = graph.shape(of: output).rank - 1
    return try graph.subtract(tangent, graph.sum(graph.multiply(graph.exp(output), tangent), axes: [axis]))
  }
}
