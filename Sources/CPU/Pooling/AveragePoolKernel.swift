import Graph
import Kernels
import Tensor

/// See `AveragePool2D`.
struct AveragePoolKernel: CPUKernel {
  private let input: Shape
  private let output: Shape
  private let includesPadding: Bool
  private let traversal: PoolingTraversal

  init(_ pool: AveragePool2D, input: Shape, output: Shape) {
    (self.input, self.output) = (input, output)
    includesPadding = pool.includesPadding
    traversal = PoolingTraversal(pool.window, input: input, output: output)
  }

  var layoutSupport: LayoutSupport { LayoutSupport(source: 0, output: 0) }

  var scratchCount: Int { output[3] }

  func evaluate(_ arguments: KernelArguments) {
    let vectors = VectorKernels()
    if arguments.layouts.source == .channelsLast, arguments.layouts.output == .channelsLast {
      let channels = input[1]
      traversal.forEachImage(arguments, of: input) { image, _ in
        let source = arguments.inputs[0] + image * input.droppingFirst.count
        let target = arguments.output + image * output.droppingFirst.count
        for row in 0..<output[2] {
          for column in 0..<output[3] {
            let pixel = target + (row * output[3] + column) * channels
            pixel.update(repeating: 0, count: channels)
            traversal.forEachPosition(row: row, column: column) { position in
              vectors.addRow(count: channels, step: 1, source: source + position * channels, sums: pixel)
            }
            let divisor = traversal.divisor(row: row, column: column, includesPadding)
            for channel in 0..<channels { pixel[channel] /= divisor }
          }
        }
      }
      return
    }
    traversal.forEachPlane(arguments, of: input[0] * input[1]) { plane, sums in
      let (sourceStart, sourceStep) = arguments.layouts.source.plane(plane, of: input)
      let (targetStart, targetStep) = arguments.layouts.output.plane(plane, of: output)
      let source = arguments.inputs[0] + sourceStart
      let target = arguments.output + targetStart
      for row in 0..<output[2] {
        sums.update(repeating: 0, count: output[3])
        traversal.forEachTap(ofRow: row) { outputs, position in
          vectors.addRow(
            count: outputs.count, step: traversal.step * sourceStep, source: source + position * sourceStep,
            sums: sums + outputs.lowerBound)
        }
        for column in 0..<output[3] {
          target[(row * output[3] + column) * targetStep] =
            sums[column] / traversal.divisor(row: row, column: column, includesPadding)
        }
      }
    }
  }
}

extension PoolingTraversal {
  /// What a window's sum is divided by.
  @inline(__always)
  func divisor(row: Int, column: Int, _ includesPadding: Bool) -> Float {
    let counts = counts(row: row, column: column)
    return Float(includesPadding ? counts.padded : max(1, counts.inside))
  }
}
