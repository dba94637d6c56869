import Foundation
import Tensor

/// log softmax over the last axis.
struct LogSoftmax: Operator {
  static let name = "log-softmax"

  func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1, inputs)
    guard inputs[0].rank > 0 else { throw mismatch(inputs, "needs at least one axis") }
    return inputs[0]
  }

  func evaluate(_ kernel: KernelArguments) {
    let length = kernel.outputShape.dimensions.last ?? 1
    for row in 0..<(length == 0 ? 0 : kernel.outputShape.count / length) {
      let x = kernel.inputs[0] + row * length
      let y = kernel.output + row * length
      var largest = -Float.infinity
      for index in 0..<length { largest = max(largest, x[index]) }
      var sum = 0.0
      for index in 0..<length { sum += exp(Double(x[index] - largest)) }
      let normaliser = Float(log(sum)) + largest
      for index in 0..<length { y[index] = x[index] - normaliser }
    }
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
