import Graph
import Tensor

/// See `FusedChannels`.
struct FusedChannelsKernel: CPUKernel {
  private let fused: FusedChannels
  private let channels: Int
  private let positions: Int
  /// Channels of all images.
  private let rows: Int
  private let isImage: Bool

  init(_ fused: FusedChannels, output: Shape) {
    self.fused = fused
    channels = output[1]
    positions = output.dimensions.dropFirst(2).reduce(1, *)
    rows = output[0] * output[1]
    isImage = output.rank == 4
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

  private func evaluatePlanes(
    _ arguments: KernelArguments, _ first: Operand, _ second: Operand?, _ shift: UnsafePointer<Float>?,
    _ reference: UnsafePointer<Float>?
  ) {
    let output = arguments.output
    let blockSize = KernelArguments.blockSize(work: positions)
    arguments.forEachBlock(of: rows, blockSize: blockSize) { range, piece in
      for row in range {
        let channel = row % channels
        let (scale, mean) = (first.scale?[channel] ?? 1, first.mean?[channel] ?? 0)
        let (scale2, mean2) = (second?.scale?[channel] ?? 1, second?.mean?[channel] ?? 0)
        let offset = shift?[channel] ?? 0
        var start = row * positions
        let end = start + positions
        while start < end {
          let count = min(Self.pieceCount, end - start)
          let x = first.x + start
          if let second {
            let x2 = second.x + start
            for index in 0..<count {
              piece[index] = (x[index] - mean) * scale + ((x2[index] - mean2) * scale2 + offset)
            }
          } else {
            for index in 0..<count { piece[index] = (x[index] - mean) * scale + offset }
          }
          activate(piece, reference.map { $0 + start }, count)
          (output + start).update(from: piece, count: count)
          start += count
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
      for pixel in range {
        var channel = 0
        while channel < channels {
          let count = min(Self.pieceCount, channels - channel)
          let start = pixel * channels + channel
          let (scale, mean, x) = (columns + channel, columns + channels + channel, first.x + start)
          let offset = columns + 4 * channels + channel
          if let second {
            let (scale2, mean2) = (columns + 2 * channels + channel, columns + 3 * channels + channel)
            let x2 = second.x + start
            for index in 0..<count {
              piece[index] =
                (x[index] - mean[index]) * scale[index] + ((x2[index] - mean2[index]) * scale2[index] + offset[index])
            }
          } else {
            for index in 0..<count { piece[index] = (x[index] - mean[index]) * scale[index] + offset[index] }
          }
          activate(piece, reference.map { $0 + start }, count)
          (output + start).update(from: piece, count: count)
          channel += count
        }
      }
    }
  }

  var sharedScratchCount: Int { isImage ? 5 * channels : 0 }

  /// Numbers that are worked on at a time, in memory of their own: the output may be any of the inputs, and a loop that the
  /// compiler cannot tell to be free of overlaps is several times slower.
  private static let pieceCount = 1024

  var scratchCount: Int { Self.pieceCount }

  private struct Operand {
    let x: UnsafePointer<Float>
    let scale: UnsafePointer<Float>?
    let mean: UnsafePointer<Float>?
  }

  @inline(__always)
  private func activate(_ y: UnsafeMutablePointer<Float>, _ reference: UnsafePointer<Float>?, _ count: Int) {
    switch fused.activation {
    case .none: break
    case .clip(let clip): for index in 0..<count { y[index] = clip(y[index]) }
    case .relu(let relu):
      if relu.slope == 0 {
        for index in 0..<count { y[index] = y[index] < 0 ? 0 : y[index] }
      } else {
        for index in 0..<count { y[index] = relu(y[index]) }
      }
    case .gate(let gate):
      guard let reference else { return }
      if gate.slope == 0, gate.upper == nil {
        for index in 0..<count { y[index] = reference[index] > gate.lower ? y[index] : 0 }
      } else {
        for index in 0..<count { y[index] = gate(y[index], reference[index]) }
      }
    }
  }
}
