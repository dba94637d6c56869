import Tensor

/// The transpose of `Conv2D` in its images: `[N, K, H', W']` and weights `[K, C / groups, h, w]` to `[N, C, height, width]`.
/// This is also transposed convolution, with PyTorch's layout of its weights.
package struct Conv2DInputGradient: BilinearOperator {
  package static let name = "conv2d-input-gradient"

  package let geometry: ConvolutionGeometry
  package let height: Int
  package let width: Int
  package var precision = Precision.fast

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(2, inputs)
    let (dy, w) = (inputs[0], inputs[1])
    guard dy.rank == 4, w.rank == 4, geometry.isValid, dy[1] == w[0], w[0] % geometry.groups == 0 else {
      throw mismatch(inputs, "expected [N, K, H', W'] and [K, C / groups, h, w] of the same K")
    }
    guard height >= 0, width >= 0, geometry.output(height: height, window: w[2]) == dy[2],
      geometry.output(width: width, window: w[3]) == dy[3]
    else { throw mismatch(inputs, "a convolution of \(height) x \(width) images has another output size") }
    return try checkedShape([dy[0], w[1] * geometry.groups, height, width], inputs)
  }

  // With L = <g, A'(w) dy> = <A(w) g, dy>: the derivative in dy is the convolution of g, in w that of <conv(g, w), dy>.
  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    let w = graph.shape(of: inputs[1])
    return [
      try graph.apply(Conv2D(geometry: geometry), [gradient, inputs[1]]),
      try graph.apply(Conv2DWeightGradient(geometry: geometry, height: w[2], width: w[3]), [gradient, inputs[0]]),
    ]
  }
}
