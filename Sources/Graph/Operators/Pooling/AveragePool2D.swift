import Kernels
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

  func scratchCount(inputs: [Shape], output: Shape) -> Int { output[3] }

  func evaluate(_ kernel: KernelArguments) {
    let (input, output) = (kernel.inputShapes[0], kernel.outputShape)
    let traversal = PoolingTraversal(window, input: input, output: output)
    let vectors = VectorKernels()
    if kernel.layouts.source == .channelsLast, kernel.layouts.output == .channelsLast {
      let channels = input[1]
      traversal.forEachImage(kernel, of: input) { image, _ in
        let source = kernel.inputs[0] + image * input.droppingFirst.count
        let target = kernel.output + image * output.droppingFirst.count
        for row in 0..<output[2] {
          for column in 0..<output[3] {
            let pixel = target + (row * output[3] + column) * channels
            pixel.update(repeating: 0, count: channels)
            traversal.forEachPosition(row: row, column: column) { position in
              vectors.addRow(count: channels, step: 1, source: source + position * channels, sums: pixel)
            }
            let divisor = divisor(traversal, row, column)
            for channel in 0..<channels { pixel[channel] /= divisor }
          }
        }
      }
      return
    }
    traversal.forEachPlane(kernel, of: input[0] * input[1]) { plane, sums in
      let (sourceStart, sourceStep) = kernel.layouts.source.plane(plane, of: input)
      let (targetStart, targetStep) = kernel.layouts.output.plane(plane, of: output)
      let source = kernel.inputs[0] + sourceStart
      let target = kernel.output + targetStart
      for row in 0..<output[2] {
        sums.update(repeating: 0, count: output[3])
        traversal.forEachTap(ofRow: row) { outputs, position in
          vectors.addRow(
            count: outputs.count, step: traversal.step * sourceStep, source: source + position * sourceStep,
            sums: sums + outputs.lowerBound)
        }
        for column in 0..<output[3] {
          target[(row * output[3] + column) * targetStep] = sums[column] / divisor(traversal, row, column)
        }
      }
    }
  }

  @inline(__always)
  func divisor(_ traversal: PoolingTraversal, _ row: Int, _ column: Int) -> Float {
    let counts = traversal.counts(row: row, column: column)
    return Float(includesPadding ? counts.padded : max(1, counts.inside))
  }

  func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    let shape = graph.shape(of: inputs[0])
    return [try graph.apply(AveragePool2DGradient(pool: self, height: shape[2], width: shape[3]), [gradient])]
  }
}
