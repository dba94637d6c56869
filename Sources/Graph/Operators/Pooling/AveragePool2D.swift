import Tensor

/// Mean of each window; padding counts as zeros where `includesPadding` (PyTorch's default).
package struct AveragePool2D: LinearOperator {
  package static let name = "average-pool2d"

  package let window: PoolingWindow
  package var includesPadding = true

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
    let shape = graph.shape(of: inputs[0])
    return [try graph.apply(AveragePool2DGradient(pool: self, height: shape[2], width: shape[3]), [gradient])]
  }
}
