import Tensor

/// The transpose of `Conv2D` in its images: `[N, K, H', W']` and weights `[K, C / groups, h, w]` to `[N, C, height, width]`.
/// This is also transposed convolution, with PyTorch's layout of its weights.
struct Conv2DInputGradient: BilinearOperator {
  static let name = "conv2d-input-gradient"

  let geometry: ConvolutionGeometry
  let height: Int
  let width: Int
  var precision = Precision.fast

  func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
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

  private func kernel(_ inputs: [Shape], _ output: Shape) -> ConvolutionKernel {
    ConvolutionKernel(geometry, image: output, weights: inputs[1], output: inputs[0], .inputGradient, precision)
  }

  func scratchCount(inputs: [Shape], output: Shape) -> Int { kernel(inputs, output).scratchCount }

  func preparedCount(inputs: [Shape], output: Shape) -> Int { kernel(inputs, output).preparedCount }

  func prepare(
    _ weights: UnsafePointer<Float>, inputs: [Shape], output: Shape, into prepared: UnsafeMutablePointer<Float>
  ) {
    kernel(inputs, output).prepare(weights, into: prepared)
  }

  func layoutSupport(inputs: [Shape], output: Shape) -> LayoutSupport {
    layoutSupport(inputs: inputs, output: output, likeOutput: [])
  }

  /// - Parameter likeOutput: the numbers of the inputs that a fused layer adds to the output, or gates it by.
  func layoutSupport(inputs: [Shape], output: Shape, likeOutput: [Int]) -> LayoutSupport {
    kernel(inputs, output).layoutSupport(source: inputs[0], output: output, likeOutput: likeOutput)
  }

  func evaluate(_ kernel: KernelArguments) { evaluate(kernel, Epilogue(kernel)) }

  func evaluate(_ kernel: KernelArguments, _ epilogue: Epilogue) {
    self.kernel(kernel.inputShapes, kernel.outputShape).evaluate(kernel, epilogue)
  }

  // With L = <g, A'(w) dy> = <A(w) g, dy>: the derivative in dy is the convolution of g, in w that of <conv(g, w), dy>.
  func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    let w = graph.shape(of: inputs[1])
    return [
      try graph.apply(Conv2D(geometry: geometry), [gradient, inputs[1]]),
      try graph.apply(Conv2DWeightGradient(geometry: geometry, height: w[2], width: w[3]), [gradient, inputs[0]]),
    ]
  }
}
