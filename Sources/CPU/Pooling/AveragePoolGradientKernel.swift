import Graph
import Kernels
import Tensor

/// See `AveragePool2DGradient`.
struct AveragePoolGradientKernel: CPUKernel {
  private let input: Shape
  private let output: Shape
  private let includesPadding: Bool
  private let traversal: PoolingTraversal

  /// - Parameters: of the pooling: its input, which is the kernel's output, and its output.
  init(_ gradient: AveragePool2DGradient, input: Shape, output: Shape) {
    (self.input, self.output) = (input, output)
    includesPadding = gradient.pool.includesPadding
    traversal = PoolingTraversal(gradient.pool.window, input: input, output: output)
  }

  var layoutSupport: LayoutSupport { LayoutSupport(source: 0, output: 0) }

  var scratchCount: Int { max(output[3], output[1]) }

  func evaluate(_ arguments: KernelArguments) {
    let vectors = VectorKernels()
    if arguments.layouts.source == .channelsLast, arguments.layouts.output == .channelsLast {
      let channels = input[1]
      traversal.forEachImage(arguments, of: input) { image, shares in
        let source = arguments.inputs[0] + image * output.droppingFirst.count
        let target = arguments.output + image * input.droppingFirst.count
        target.update(repeating: 0, count: input.droppingFirst.count)
        for row in 0..<output[2] {
          for column in 0..<output[3] {
            let divisor = traversal.divisor(row: row, column: column, includesPadding)
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
    traversal.forEachPlane(arguments, of: input[0] * input[1]) { plane, shares in
      let (targetStart, targetStep) = arguments.layouts.output.plane(plane, of: input)
      let (sourceStart, sourceStep) = arguments.layouts.source.plane(plane, of: output)
      let target = arguments.output + targetStart
      let source = arguments.inputs[0] + sourceStart
      for position in 0..<input[2] * input[3] { target[position * targetStep] = 0 }
      for row in 0..<output[2] {
        for column in 0..<output[3] {
          shares[column] =
            source[(row * output[3] + column) * sourceStep]
            / traversal.divisor(row: row, column: column, includesPadding)
        }
        traversal.forEachTap(ofRow: row, lastColumnFirst: true) { outputs, position in
          vectors.spreadRow(
            count: outputs.count, step: traversal.step * targetStep, values: shares + outputs.lowerBound,
            target: target + position * targetStep)
        }
      }
    }
  }
}
