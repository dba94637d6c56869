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

  func evaluate(_ arguments: KernelArguments) {
    let order = arguments.layouts.output.axes(rank: shape.rank)
    StridedCopy.gather(
      arguments.inputs[0], strides: order.map { strides[$0] }, into: arguments.output, Shape(order.map { shape[$0] }),
      arguments)
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

  func evaluate(_ arguments: KernelArguments) {
    StridedCopy.gather(
      arguments.inputs[0] + offset, strides: strides, into: arguments.output, arguments.outputShape, arguments)
  }
}

/// See `Concatenate`.
struct ConcatenateKernel: CPUKernel {
  let axis: Int

  func evaluate(_ arguments: KernelArguments) {
    let outer = arguments.outputShape.dimensions[..<axis].reduce(1, *)
    let total = outer == 0 ? 0 : arguments.outputShape.count / outer
    var start = 0
    for (input, shape) in zip(arguments.inputs, arguments.inputShapes) {
      let length = outer == 0 ? 0 : shape.count / outer
      for row in 0..<outer {
        (arguments.output + row * total + start).update(from: input + row * length, count: length)
      }
      start += length
    }
  }
}

/// See `Pad`.
struct PadKernel: CPUKernel {
  let pad: Pad

  func evaluate(_ arguments: KernelArguments) {
    arguments.output.update(repeating: pad.value, count: arguments.outputShape.count)
    guard arguments.inputShapes[0].count > 0 else { return }
    let strides = arguments.outputShape.strides
    let offset = zip(pad.low, strides).reduce(0) { $0 + $1.0 * $1.1 }
    StridedCopy.scatter(
      arguments.inputs[0], arguments.inputShapes[0], into: arguments.output + offset,
      strides: zip(pad.interior, strides).map { ($0 + 1) * $1 }, arguments)
  }
}

/// See `Take`.
struct TakeKernel: CPUKernel {
  let axis: Int
  let indices: [Int]

  func evaluate(_ arguments: KernelArguments) {
    let (outer, inner) = arguments.inputShapes[0].around(axis)
    let extent = arguments.inputShapes[0][axis]
    for row in 0..<outer {
      let source = arguments.inputs[0] + row * extent * inner
      let target = arguments.output + row * indices.count * inner
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

  func evaluate(_ arguments: KernelArguments) {
    arguments.output.update(repeating: 0, count: arguments.outputShape.count)
    let (outer, inner) = arguments.outputShape.around(axis)
    for row in 0..<outer {
      let source = arguments.inputs[0] + row * indices.count * inner
      let target = arguments.output + row * extent * inner
      for (position, index) in indices.enumerated() {
        let (from, to) = (source + position * inner, target + index * inner)
        for element in 0..<inner { to[element] += from[element] }
      }
    }
  }
}
