import Tensor

/// Cross-correlation of images `[N, C, H, W]` with weights `[K, C / groups, h, w]`, what the field calls convolution.
/// Its derivatives are `Conv2DInputGradient` and `Conv2DWeightGradient`; the three are closed under differentiation.
package struct Conv2D: BilinearOperator {
  package static let name = "conv2d"

  package let geometry: ConvolutionGeometry
  package var precision = Precision.fast

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(2, inputs)
    let (x, w) = (inputs[0], inputs[1])
    guard x.rank == 4, w.rank == 4 else { throw mismatch(inputs, "expected [N, C, H, W] and [K, C / groups, h, w]") }
    guard geometry.isValid, x[1] == w[1] * geometry.groups, w[0] % geometry.groups == 0 else {
      throw mismatch(
        inputs, "the weights take \(w[1]) x \(geometry.groups) groups of channels, the images have \(x[1])")
    }
    guard let height = geometry.output(height: x[2], window: w[2]),
      let width = geometry.output(width: x[3], window: w[3])
    else { throw mismatch(inputs, "the window is larger than the padded image") }
    return try checkedShape([x[0], w[0], height, width], inputs)
  }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    let (x, w) = (graph.shape(of: inputs[0]), graph.shape(of: inputs[1]))
    return [
      try graph.apply(Conv2DInputGradient(geometry: geometry, height: x[2], width: x[3]), [gradient, inputs[1]]),
      try graph.apply(Conv2DWeightGradient(geometry: geometry, height: w[2], width: w[3]), [inputs[0], gradient]),
    ]
  }
}
