import Graph
import Kernels
import Tensor

/// See `MaxPool2D`.
struct MaxPoolKernel: CPUKernel {
  private let input: Shape
  private let output: Shape
  private let isPairs: Bool
  private let traversal: PoolingTraversal

  init(_ window: PoolingWindow, input: Shape, output: Shape) {
    (self.input, self.output) = (input, output)
    isPairs = window.isPairs
    traversal = PoolingTraversal(window, input: input, output: output)
  }

  /// Windows that overlap read each number several times, with gaps between those of neighbouring outputs.
  var layoutSupport: LayoutSupport { LayoutSupport(source: isPairs ? 0 : input.count, output: 0) }

  /// A row of a plane, or a pixel.
  var scratchCount: Int { max(output[1], output[3]) }

  func evaluate(_ arguments: KernelArguments) {
    if arguments.layouts.source == .channelsLast { return pixels(arguments) }
    let vectors = VectorKernels()
    traversal.forEachPlane(arguments, of: input[0] * input[1]) { plane, scratch in
      let source = arguments.inputs[0] + plane * input[2] * input[3]
      let (start, step) = arguments.layouts.output.plane(plane, of: output)
      let target = arguments.output + start
      if isPairs && step == 1 {
        return vectors.pairPool(height: input[2], width: input[3], source: source, output: target)
      }
      for row in 0..<output[2] {
        let first = target + row * output[3] * step
        let line = step == 1 ? first : scratch
        line.update(repeating: -.infinity, count: output[3])
        traversal.forEachTap(ofRow: row) { outputs, position in
          vectors.raiseToLargest(
            count: outputs.count, step: traversal.step, source: source + position,
            largest: line + outputs.lowerBound)
        }
        if step > 1 { for column in 0..<output[3] { first[column * step] = line[column] } }
      }
    }
  }

  /// Of images whose channels lie side by side.
  private func pixels(_ arguments: KernelArguments) {
    let vectors = VectorKernels()
    let (channels, positions) = (output[1], output[2] * output[3])
    let isPlanar = arguments.layouts.output == .planar
    traversal.forEachImage(arguments, of: input) { image, scratch in
      let source = arguments.inputs[0] + image * input.droppingFirst.count
      let target = arguments.output + image * positions * channels
      for row in 0..<output[2] {
        for column in 0..<output[3] {
          let place = row * output[3] + column
          let pixel = isPlanar ? scratch : target + place * channels
          pixel.update(repeating: -.infinity, count: channels)
          traversal.forEachPosition(row: row, column: column) { position in
            vectors.raiseToLargest(count: channels, step: 1, source: source + position * channels, largest: pixel)
          }
          if isPlanar { for channel in 0..<channels { target[channel * positions + place] = pixel[channel] } }
        }
      }
    }
  }
}
