import Tensor

/// Largest value of each window. The first of equals takes the whole derivative, as in PyTorch; padding never wins.
package struct MaxPool2D: Operator {
  package static let name = "max-pool2d"

  package let window: PoolingWindow

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1, inputs)
    guard let shape = window.output(inputs[0]) else {
      throw mismatch(inputs, "the window does not fit the padded image")
    }
    return shape
  }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    [try graph.apply(MaxPool2DScatter(window: window), [inputs[0], gradient])]
  }

  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    guard let tangent = tangents[0] else { return nil }
    return try graph.apply(MaxPool2DGather(window: window), [inputs[0], tangent])
  }
}
