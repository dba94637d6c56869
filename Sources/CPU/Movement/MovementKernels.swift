import Graph
import Kernels
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
    StridedCopy.gather(arguments.inputs[0], strides: strides, arguments)
  }
}

/// A dense output from an input that is read with strides: slices and transpositions.
struct StridedReadKernel: CPUKernel {
  private let input: Shape
  /// The input's axis, and the steps along it, that each axis of the output goes by, and where it starts there.
  private let axes: [Int]
  private let steps: [Int]
  private let starts: [Int]

  /// See `Slice`.
  init(input: Shape, starts: [Int], steps: [Int]) {
    self.input = input
    axes = Array(0..<input.rank)
    self.steps = steps
    self.starts = starts
  }

  /// See `Transpose`.
  init(input: Shape, permutation: [Int]) {
    self.input = input
    axes = permutation
    steps = [Int](repeating: 1, count: input.rank)
    starts = [Int](repeating: 0, count: input.rank)
  }

  /// Exchanges of channels and positions are copies where the side with the channels has them last.
  var layoutSupport: LayoutSupport {
    guard input.rank == 4 else { return LayoutSupport() }
    return LayoutSupport(
      source: axes == [0, 2, 3, 1] ? input.count : 0, output: axes == [0, 3, 1, 2] ? input.count : 0)
  }

  func evaluate(_ arguments: KernelArguments) {
    let strides = arguments.layouts.source.strides(of: input)
    let offset = zip(starts, axes).reduce(0) { $0 + $1.0 * strides[$1.1] }
    StridedCopy.gather(
      arguments.inputs[0] + offset, strides: zip(steps, axes).map { $0 * strides[$1] }, arguments)
  }
}

/// See `Concatenate`.
struct ConcatenateKernel: CPUKernel {
  let axis: Int
  let inputCount: Int
  let output: Shape

  /// Maps that are joined along their channels may lie as each likes.
  var layoutSupport: LayoutSupport {
    guard output.rank == 4, axis == 1 else { return LayoutSupport() }
    return LayoutSupport(output: 0, either: Array(0..<inputCount))
  }

  func evaluate(_ arguments: KernelArguments) {
    if arguments.layouts.inputs.contains(.channelsLast) || arguments.layouts.output == .channelsLast {
      return joinChannels(arguments)
    }
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

  /// Of images, some of which have their channels last.
  private func joinChannels(_ arguments: KernelArguments) {
    let vectors = VectorKernels()
    let (channels, positions) = (output[1], output[2] * output[3])
    var first = 0
    for (number, input) in arguments.inputs.enumerated() {
      let count = arguments.inputShapes[number][1]
      for image in 0..<output[0] {
        let source = input + image * count * positions
        let target = arguments.output + image * channels * positions
        switch (arguments.layouts.inputs[number], arguments.layouts.output) {
        case (.planar, .planar):
          (target + first * positions).update(from: source, count: count * positions)
        case (.channelsLast, .channelsLast):
          for position in 0..<positions {
            (target + position * channels + first).update(from: source + position * count, count: count)
          }
        case (.planar, .channelsLast):
          vectors.transpose(
            rows: count, columns: positions, source: source, sourceStride: positions, output: target + first,
            outputStride: channels)
        case (.channelsLast, .planar):
          vectors.transpose(
            rows: positions, columns: count, source: source, sourceStride: count, output: target + first * positions,
            outputStride: positions)
        }
      }
      first += count
    }
  }
}

/// See `Pad`.
struct PadKernel: CPUKernel {
  let pad: Pad

  /// Images of either layout, as the layers before and after like it: shortcuts that pad channels would otherwise bring all that is
  /// added to them into planes.
  var layoutSupport: LayoutSupport { pad.low.count == 4 ? LayoutSupport(source: 0, output: 0) : LayoutSupport() }

  func evaluate(_ arguments: KernelArguments) {
    arguments.output.update(repeating: pad.value, count: arguments.outputShape.count)
    let shape = arguments.inputShapes[0]
    guard shape.count > 0 else { return }
    let strides = arguments.layouts.output.strides(of: arguments.outputShape)
    let offset = zip(pad.low, strides).reduce(0) { $0 + $1.0 * $1.1 }
    let order = arguments.layouts.source.axes(rank: shape.rank)
    StridedCopy.scatter(
      arguments.inputs[0], Shape(order.map { shape[$0] }), into: arguments.output + offset,
      strides: order.map { (pad.interior[$0] + 1) * strides[$0] }, arguments)
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
