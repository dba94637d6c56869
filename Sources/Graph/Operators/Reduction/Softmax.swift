import Foundation
import Tensor

/// softmax over the last axis.
struct Softmax: RowOperator {
  static let name = "softmax"

  func evaluateRow(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int) {
    let largest = largest(x, count: count)
    var sum: Float = 0
    for index in 0..<count {
      y[index] = exp(x[index] - largest)
      sum += y[index]
    }
    for index in 0..<count { y[index] /= sum }
  }

  // dx = y * (g - sum(g y)); the Jacobian is symmetric, so forward mode is the same expression.
  func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    let axis = graph.shape(of: output).rank - 1
    let weighted = try graph.sum(graph.multiply(gradient, output), axes: [axis])
    return [try graph.multiply(output, graph.subtract(gradient, weighted))]
  }

  func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    guard let tangent = tangents[0] else { return nil }
    return try reverse(&graph, inputs: inputs, output: output, gradient: tangent)[0]
  }
}
