import Tensor

/// The transpose of `Conv2D` in its weights: images `[N, C, H, W]` and `[N, K, H', W']` to `[K, C / groups, height, width]`,
/// summed over the images in their order.
package struct Conv2DWeightGradient: BilinearOperator {
  package static let name = "conv2d-weight-gradient"

  package let geometry: ConvolutionGeometry
  package let height: Int
  package let width: Int
  package var precision = Precision.fast

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(2, inputs)
    let (x, dy) = (inputs[0], inputs[1])
    guard x.rank == 4, dy.rank == 4, geometry.isValid, x[0] == dy[0], x[1] % geometry.groups == 0,
      dy[1] % geometry.groups == 0, geometry.output(height: x[2], window: height) == dy[2],
      geometry.output(width: x[3], window: width) == dy[3]
    else { throw mismatch(inputs, "no \(height) x \(width) convolution leads from the first shape to the second") }
    return try checkedShape([dy[1], x[1] / geometry.groups, height, width], inputs)
  }

  // With L = <g, B(x, dy)> = <conv(x, g), dy>.
  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    let x = graph.shape(of: inputs[0])
    return [
      try graph.apply(Conv2DInputGradient(geometry: geometry, height: x[2], width: x[3]), [inputs[1], gradient]),
      try graph.apply(Conv2D(geometry: geometry), [inputs[0], gradient]),
    ]
  }
}
