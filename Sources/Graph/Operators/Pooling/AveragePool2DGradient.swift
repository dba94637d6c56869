import Kernels
import Tensor

/// The transpose of `AveragePool2D` on images of `height` x `width`.
struct AveragePool2DGradient: LinearOperator {
  static let name = "average-pool2d-gradient"

  let pool: AveragePool2D
  let height: Int
  let width: Int

  func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1, inputs)
    guard inputs[0].rank == 4 else { throw mismatch(inputs, "expected [N, C, H', W']") }
    let shape = try checkedShape([inputs[0][0], inputs[0][1], height, width], inputs)
    guard pool.window.output(shape) == inputs[0] else {
      throw mismatch(inputs, "pooling \(height) x \(width) images has another output size")
    }
    return shape
  }

  func layoutSupport(inputs: [Shape], output: Shape) -> LayoutSupport { LayoutSupport(source: 0, output: 0) }

  func scratchCount(inputs: [Shape], output: Shape) -> Int { max(inputs[0][3], inputs[0][1]) }

  func evaluate(_ kernel: KernelArguments) {
    let (input, output) = (kernel.outputShape, kernel.inputShapes[0])
    let traversal = PoolingTraversal(pool.window, input: input, output: output)
    let vectors = VectorKernels()
    if kernel.layouts.source == .channelsLast, kernel.layouts.output == .channelsLast {
      let channels = input[1]
      traversal.forEachImage(kernel, of: input) { image, shares in
        let source = kernel.inputs[0] + image * output.droppingFirst.count
        let target = kernel.output + image * input.droppingFirst.count
        target.update(repeating: 0, count: input.droppingFirst.count)
        for row in 0..<output[2] {
          for column in 0..<output[3] {
            let divisor = pool.divisor(traversal, row, column)
            let pixel = source + (row * output[3] + column) * channels
            for channel in 0..<channels { shares[channel] = pixel[channel] / divisor }
            traversal.forEachPosition(row: row, column: column) { position in
              vectors.addRow(count: channels, step: 1, source: shares, sums: target + position * channels)
            }
          }
        }
      }
      return
    }
    traversal.forEachPlane(kernel, of: input[0] * input[1]) { plane, shares in
      let (targetStart, targetStep) = kernel.layouts.output.plane(plane, of: input)
      let (sourceStart, sourceStep) = kernel.layouts.source.plane(plane, of: output)
      let target = kernel.output + targetStart
      let source = kernel.inputs[0] + sourceStart
      for position in 0..<input[2] * input[3] { target[position * targetStep] = 0 }
      for row in 0..<output[2] {
        for column in 0..<output[3] {
          shares[column] = source[(row * output[3] + column) * sourceStep] / pool.divisor(traversal, row, column)
        }
        traversal.forEachTap(ofRow: row, lastColumnFirst: true) { outputs, position in
          vectors.spreadRow(
            count: outputs.count, step: traversal.step * targetStep, values: shares + outputs.lowerBound,
            target: target + position * targetStep)
        }
      }
    }
  }

  func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    [try graph.apply(pool, [gradient])]
  }
}
