import Foundation
import Tensor

/// softmax over the last axis.
struct Softmax: Operator {
  static let name = "softmax"

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
      var sum: Float = 0
      for index in 0..<length {
        y[index] = exp(x[index] - largest)
        sum += y[index]
      }
      for index in 0..<length { y[index] /= sum }
    }
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
