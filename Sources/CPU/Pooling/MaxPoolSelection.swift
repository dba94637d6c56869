import Graph
import Kernels
import Tensor

/// Which input position each window of max pooling selects: the first of equals, the last NaN, as in PyTorch.
struct MaxPoolSelection {
  private let traversal: PoolingTraversal
  private let input: Shape
  private let inputPlane: Int
  private let outputPlane: Int

  init(_ window: PoolingWindow, input: Shape, output: Shape) {
    traversal = PoolingTraversal(window, input: input, output: output)
    self.input = input
    inputPlane = input[2] * input[3]
    outputPlane = output[2] * output[3]
  }

  /// Floats of scratch memory that `forEach` needs: the largest numbers of a row or a pixel, and their places.
  var scratchCount: Int { 2 * max(traversal.outputWidth, input[1]) }

  /// Calls `body` with each output's index and the index of its selected input, nil for a window wholly in padding; one
  /// plane or image after the other, or over the threads of `arguments`. Before each, `begin` is called with the indices of its input.
  ///
  /// - Parameter layout: of all operands.
  @inline(__always)
  func forEach(
    _ arguments: KernelArguments, in values: UnsafePointer<Float>, _ layout: ImageLayout,
    begin: (_ input: Range<Int>) -> Void = { _ in }, _ body: (_ output: Int, _ selected: Int?) -> Void
  ) {
    if layout == .channelsLast {
      forEachPixel(arguments, in: values, begin: begin, body)
    } else {
      forEachRow(arguments, in: values, begin: begin, body)
    }
  }

  @inline(__always)
  private func forEachRow(
    _ arguments: KernelArguments, in values: UnsafePointer<Float>, begin: (_ input: Range<Int>) -> Void,
    _ body: (_ output: Int, _ selected: Int?) -> Void
  ) {
    let vectors = VectorKernels()
    let width = traversal.outputWidth
    let step = traversal.step
    traversal.forEachPlane(arguments, of: input[0] * input[1]) { plane, scratch in
      let base = plane * inputPlane
      begin(base..<base + inputPlane)
      let largest = scratch
      // Places in a plane fit: a value has fewer than 2^31 numbers.
      (scratch + width).withMemoryRebound(to: Int32.self, capacity: width) { selected in
        for row in 0..<traversal.outputHeight {
          largest.update(repeating: -.infinity, count: width)
          selected.update(repeating: -1, count: width)
          traversal.forEachTap(ofRow: row) { outputs, position in
            vectors.selectLargest(
              count: outputs.count, step: step, source: values + base + position,
              position: Int32(truncatingIfNeeded: position), positionStep: Int32(truncatingIfNeeded: step),
              largest: largest + outputs.lowerBound, selected: selected + outputs.lowerBound)
          }
          let first = plane * outputPlane + row * width
          for column in 0..<width {
            body(first + column, selected[column] < 0 ? nil : base + Int(selected[column]))
          }
        }
      }
    }
  }

  /// Of images whose channels lie side by side.
  @inline(__always)
  private func forEachPixel(
    _ arguments: KernelArguments, in values: UnsafePointer<Float>, begin: (_ input: Range<Int>) -> Void,
    _ body: (_ output: Int, _ selected: Int?) -> Void
  ) {
    let vectors = VectorKernels()
    let channels = input[1]
    traversal.forEachImage(arguments, of: input) { image, scratch in
      let base = image * inputPlane * channels
      begin(base..<base + inputPlane * channels)
      let largest = scratch
      (scratch + channels).withMemoryRebound(to: Int32.self, capacity: channels) { selected in
        for row in 0..<traversal.outputHeight {
          for column in 0..<traversal.outputWidth {
            largest.update(repeating: -.infinity, count: channels)
            selected.update(repeating: -1, count: channels)
            traversal.forEachPosition(row: row, column: column) { position in
              vectors.selectLargest(
                count: channels, step: 1, source: values + base + position * channels,
                position: Int32(truncatingIfNeeded: position), positionStep: 0, largest: largest, selected: selected)
            }
            let first = (image * outputPlane + row * traversal.outputWidth + column) * channels
            for channel in 0..<channels {
              body(
                first + channel, selected[channel] < 0 ? nil : base + Int(selected[channel]) * channels + channel)
            }
          }
        }
      }
    }
  }
}
