import Graph
import Kernels
import Tensor

/// See `FusedChannels`.
struct FusedChannelsKernel: CPUKernel {
  private let fused: FusedChannels
  private let channels: Int
  private let positions: Int
  /// Channels of all images.
  private let rows: Int
  private let isImage: Bool
  private let vectors: VectorKernels

  init(_ fused: FusedChannels, output: Shape, vectors: VectorKernels = VectorKernels()) {
    self.fused = fused
    channels = output[1]
    positions = output.dimensions.dropFirst(2).reduce(1, *)
    rows = output[0] * output[1]
    isImage = output.rank == 4
    self.vectors = vectors
  }

  /// Images in either layout, all in the same; the numbers per channel have no layout.
  var layoutSupport: LayoutSupport {
    guard isImage else { return LayoutSupport() }
    var images: [Int] = []
    var position = 0
    for term in fused.terms {
      images.append(position)
      position += term.inputCount
    }
    if case .gate = fused.activation { images.append(position + (fused.hasShift ? 1 : 0)) }
    return LayoutSupport(output: 0, likeOutput: images)
  }

  func evaluate(_ arguments: KernelArguments) {
    var inputs = arguments.inputs[...]
    var operands: [Operand] = []
    for term in fused.terms {
      guard let x = inputs.popFirst() else { preconditionFailure("an operator per channel lacks an input") }
      operands.append(
        Operand(x: x, scale: term.hasScale ? inputs.popFirst() : nil, mean: term.hasMean ? inputs.popFirst() : nil))
    }
    let shift = fused.hasShift ? inputs.popFirst() : nil
    let reference = inputs.popFirst()
    let (first, second) = (operands[0], operands.count > 1 ? operands[1] : nil)
    if arguments.layouts.output == .channelsLast {
      evaluatePixels(arguments, first, second, shift, reference)
    } else {
      evaluatePlanes(arguments, first, second, shift, reference)
    }
  }

  /// The activation as kernels of vectors know it: with a lower limit, or a gate above one; nil where it is another.
  private var limit: (rectifies: Bool, lower: Float)? {
    switch fused.activation {
    case .none: (false, 0)
    case .relu(let relu): relu.slope == 0 ? (true, 0) : nil
    case .gate(let gate): gate.slope == 0 && gate.upper == nil ? (false, gate.lower) : nil
    case .clip, .silu, .gelu: nil
    }
  }

  private func evaluatePlanes(
    _ arguments: KernelArguments, _ first: Operand, _ second: Operand?, _ shift: UnsafePointer<Float>?,
    _ reference: UnsafePointer<Float>?
  ) {
    let output = arguments.output
    let limit = limit
    arguments.forEachBlock(of: rows, blockSize: KernelArguments.blockSize(work: positions)) { range, piece in
      for row in range {
        let channel = row % channels
        for start in stride(from: row * positions, to: (row + 1) * positions, by: pieceCount) {
          let count = min(pieceCount, (row + 1) * positions - start)
          let isEnd = limit != nil
          vectors.fusedPlane(
            count: count, x: first.x + start, y: second.map { $0.x + start }, scale: first.scale?[channel] ?? 1,
            mean: first.mean?[channel] ?? 0, otherScale: second?.scale?[channel] ?? 1,
            otherMean: second?.mean?[channel] ?? 0, shift: shift?[channel] ?? 0,
            reference: isEnd ? reference.map { $0 + start } : nil, rectifies: limit?.rectifies ?? false,
            lower: limit?.lower ?? 0, output: isEnd ? output + start : piece)
          if !isEnd { activate(piece, reference.map { $0 + start }, count, into: output + start) }
        }
      }
    }
  }

  /// The same sums where the channels of a pixel lie side by side.
  private func evaluatePixels(
    _ arguments: KernelArguments, _ first: Operand, _ second: Operand?, _ shift: UnsafePointer<Float>?,
    _ reference: UnsafePointer<Float>?
  ) {
    // Every number per channel, those that are left out too: one loop for all.
    let columns = arguments.sharedScratch
    for (number, (given, absent)) in [
      (first.scale, Float(1)), (first.mean, 0), (second?.scale, 1), (second?.mean, 0), (shift, 0),
    ].enumerated() {
      let column = columns + number * channels
      if let given {
        column.update(from: given, count: channels)
      } else {
        column.update(repeating: absent, count: channels)
      }
    }
    let output = arguments.output
    let pixels = rows / max(1, channels) * positions
    arguments.forEachBlock(of: pixels, blockSize: KernelArguments.blockSize(work: channels)) { range, piece in
      if let limit {
        let start = range.lowerBound * channels
        vectors.fusedPixels(
          pixels: range.count, channels: channels, x: first.x + start, y: second.map { $0.x + start }, columns: columns,
          reference: reference.map { $0 + start }, rectifies: limit.rectifies, lower: limit.lower,
          output: output + start)
        return
      }
      for pixel in range {
        let start = pixel * channels
        vectors.fusedPixels(
          pixels: 1, channels: channels, x: first.x + start, y: second.map { $0.x + start }, columns: columns,
          reference: nil, rectifies: false, lower: 0, output: piece)
        activate(piece, reference.map { $0 + start }, channels, into: output + start)
      }
    }
  }

  var sharedScratchCount: Int { isImage ? 5 * channels : 0 }

  /// Numbers that are worked on at a time where the activation is a function of this module: they are kept in memory of their own
  /// until then, for the output may be any of the inputs.
  private var pieceCount: Int { limit == nil ? 1024 : max(1, positions) }

  var scratchCount: Int { limit == nil ? max(1024, channels) : 0 }

  private struct Operand {
    let x: UnsafePointer<Float>
    let scale: UnsafePointer<Float>?
    let mean: UnsafePointer<Float>?
  }

  @inline(__always)
  private func activate(
    _ y: UnsafePointer<Float>, _ reference: UnsafePointer<Float>?, _ count: Int,
    into output: UnsafeMutablePointer<Float>
  ) {
    switch fused.activation {
    case .none: output.update(from: y, count: count)
    case .clip(let clip): for index in 0..<count { output[index] = clip(y[index]) }
    case .relu(let relu): for index in 0..<count { output[index] = relu(y[index]) }
    case .silu: vectors.apply(.silu, count: count, source: y, output: output)
    case .gelu: vectors.apply(.gelu, count: count, source: y, output: output)
    case .gate(let gate):
      guard let reference else { return }
      for index in 0..<count { output[index] = gate(y[index], reference[index]) }
    }
  }
}
