import Graph
import Tensor

/// See `FusedChannels`.
struct FusedChannelsKernel: CPUKernel {
  private let fused: FusedChannels
  private let channels: Int
  private let positions: Int
  /// Channels of all images.
  private let rows: Int

  init(_ fused: FusedChannels, output: Shape) {
    self.fused = fused
    channels = output[1]
    positions = output.dimensions.dropFirst(2).reduce(1, *)
    rows = output[0] * output[1]
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
    let output = arguments.output
    let (first, second) = (operands[0], operands.count > 1 ? operands[1] : nil)
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
    case .relu(let relu):
      if relu.slope == 0 {
        for index in 0..<count { y[index] = y[index] < 0 ? 0 : y[index] }
      } else {
        for index in 0..<count { y[index] = relu(y[index]) }
      }
    case .gate(let gate):
      guard let reference else { return }
      if gate.slope == 0 {
        for index in 0..<count { y[index] = reference[index] > 0 ? y[index] : 0 }
      } else {
        for index in 0..<count { y[index] = gate(y[index], reference[index]) }
      }
    }
  }
}
