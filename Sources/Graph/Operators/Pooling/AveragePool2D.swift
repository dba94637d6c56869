import Tensor

/// Mean of each window; padding counts as zeros where `includesPadding` (PyTorch's default).
struct AveragePool2D: LinearOperator {
  static let name = "average-pool2d"

  let window: PoolingWindow
  var includesPadding = true

  func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1, inputs)
    guard let shape = window.output(inputs[0]) else {
      throw mismatch(inputs, "the window does not fit the padded image")
    }
    return shape
  }

  func layoutSupport(inputs: [Shape], output: Shape) -> LayoutSupport { LayoutSupport(source: 0, output: 0) }

  func evaluate(_ kernel: KernelArguments) {
    let (input, output) = (kernel.inputShapes[0], kernel.outputShape)
    let traversal = PoolingTraversal(window, input: input, output: output)
    traversal.forEachPlane(kernel, of: input[0] * input[1]) { plane in
      let (sourceStart, sourceStep) = kernel.layouts.source.plane(plane, of: input)
      let (targetStart, targetStep) = kernel.layouts.output.plane(plane, of: output)
      let source = kernel.inputs[0] + sourceStart
      let target = kernel.output + targetStart
      traversal.forEachWindow { index, positions in
        var sum: Float = 0
        positions.forEach { sum += source[$0 * sourceStep] }
        target[index * targetStep] = sum / divisor(positions)
      }
    }
  }

  @inline(__always)
  func divisor(_ positions: PoolingTraversal.Window) -> Float {
    Float(includesPadding ? positions.paddedCount : max(1, positions.count))
  }

  func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    let shape = graph.shape(of: inputs[0])
    return [try graph.apply(AveragePool2DGradient(pool: self, height: shape[2], width: shape[3]), [gradient])]
  }
}
