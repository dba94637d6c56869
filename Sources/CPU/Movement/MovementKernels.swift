import Graph
import Tensor

/// See `Broadcast`.
struct BroadcastKernel: CPUKernel {
  private let shape: Shape
  private let strides: [Int]

  init(input: Shape, shape: Shape) {
    self.shape = shape
    strides = input.broadcastStrides(to: shape)
  }

  var layoutSupport: LayoutSupport { LayoutSupport(output: shape.rank == 4 ? 0 : nil) }

  func evaluate(_ kernel: KernelArguments) {
    let order = kernel.layouts.output.axes(rank: shape.rank)
    StridedCopy.gather(
      kernel.inputs[0], strides: order.map { strides[$0] }, into: kernel.output, Shape(order.map { shape[$0] }), kernel)
  }
}

/// A dense output from an input that is read with strides: slices and transpositions.
struct StridedReadKernel: CPUKernel {
  private let offset: Int
  private let strides: [Int]

  /// See `Slice`.
  init(input: Shape, starts: [Int], steps: [Int]) {
    offset = zip(starts, input.strides).reduce(0) { $0 + $1.0 * $1.1 }
    strides = zip(steps, input.strides).map { $0 * $1 }
  }

  /// See `Transpose`.
  init(input: Shape, permutation: [Int]) {
    let strides = input.strides
    offset = 0
    self.strides = permutation.map { strides[$0] }
  }

  func evaluate(_ kernel: KernelArguments) {
    StridedCopy.gather(kernel.inputs[0] + offset, strides: strides, into: kernel.output, kernel.outputShape, kernel)
  }
}

/// See `Concatenate`.
struct ConcatenateKernel: CPUKernel {
  let axis: Int

  func evaluate(_ kernel: KernelArguments) {
    let outer = kernel.outputShape.dimensions[..<axis].reduce(1, *)
    let total = outer == 0 ? 0 : kernel.outputShape.count / outer
    var start = 0
    for (input, shape) in zip(kernel.inputs, kernel.inputShapes) {
      let length = outer == 0 ? 0 : shape.count / outer
      for row in 0..<outer {
        (kernel.output + row * total + start).update(from: input + row * length, count: length)
      }
      start += length
    }
  }
}

/// See `Pad`.
struct PadKernel: CPUKernel {
  let pad: Pad

  func evaluate(_ kernel: KernelArguments) {
    kernel.output.update(repeating: pad.value, count: kernel.outputShape.count)
    guard kernel.inputShapes[0].count > 0 else { return }
    let strides = kernel.outputShape.strides
    let offset = zip(pad.low, strides).reduce(0) { $0 + $1.0 * $1.1 }
    StridedCopy.scatter(
      kernel.inputs[0], kernel.inputShapes[0], into: kernel.output + offset,
      strides: zip(pad.interior, strides).map { ($0 + 1) * $1 }, kernel)
  }
}

/// See `Take`.
struct TakeKernel: CPUKernel {
  let axis: Int
  let indices: [Int]

  func evaluate(_ kernel: KernelArguments) {
    let (outer, inner) = kernel.inputShapes[0].around(axis)
    let extent = kernel.inputShapes[0][axis]
    for row in 0..<outer {
      let source = kernel.inputs[0] + row * extent * inner
      let target = kernel.output + row * indices.count * inner
      for (position, index) in indices.enumerated() {
        (target + position * inner).update(from: source + index * inner, count: inner)
      }
    }
  }
}

/// See `TakeTranspose`.
struct TakeTransposeKernel: CPUKernel {
  let axis: Int
  let indices: [Int]
  let extent: Int

  func evaluate(_ kernel: KernelArguments) {
    kernel.output.update(repeating: 0, count: kernel.outputShape.count)
    let (outer, inner) = kernel.outputShape.around(axis)
    for row in 0..<outer {
      let source = kernel.inputs[0] + row * indices.count * inner
      let target = kernel.output + row * extent * inner
      for (position, index) in indices.enumerated() {
        let (from, to) = (source + position * inner, target + index * inner)
        for element in 0..<inner { to[element] += from[element] }
      }
    }
  }
}
