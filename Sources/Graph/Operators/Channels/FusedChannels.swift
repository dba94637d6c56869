import Tensor

/// activation(sum of terms + shift) in one pass, each term x, scale x or scale (x - mean) with x of the output's shape
/// `[N, C, ...]` and the other `[C]`: batch normalisation with its activation, and its derivative with
/// those of what else reads its input.
///
/// Inputs: of each term x, then its scale and mean where present; the shift; the gate's reference.
struct FusedChannels: FusedOperator {
  static let name = "fused-channels"

  struct Term: Hashable {
    var hasScale = false
    var hasMean = false

    var inputCount: Int { 1 + (hasScale ? 1 : 0) + (hasMean ? 1 : 0) }
  }

  /// One or two.
  let terms: [Term]
  var hasShift = false
  var activation = FusedLayer.Activation.none

  var isElementwise: Bool { true }

  func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    guard let output = inputs.first, output.rank >= 2 else { throw mismatch(inputs, "expected [N, C, ...]") }
    var expected: [Shape] = []
    for term in terms { expected += [output] + [Shape](repeating: [output[1]], count: term.inputCount - 1) }
    if hasShift { expected.append([output[1]]) }
    if case .gate = activation { expected.append(output) }
    guard inputs == expected, (1...2).contains(terms.count) else {
      throw mismatch(inputs, "expected \(expected.map(\.description).joined(separator: ", "))")
    }
    return output
  }

  func evaluate(_ kernel: KernelArguments) {
    let shape = kernel.outputShape
    let channels = shape[1]
    let positions = shape.dimensions.dropFirst(2).reduce(1, *)
    var inputs = kernel.inputs[...]
    var operands: [Operand] = []
    for term in terms {
      guard let x = inputs.popFirst() else { return }
      operands.append(
        Operand(x: x, scale: term.hasScale ? inputs.popFirst() : nil, mean: term.hasMean ? inputs.popFirst() : nil))
    }
    let shift = hasShift ? inputs.popFirst() : nil
    let reference = inputs.popFirst()
    let output = kernel.output
    let (first, second) = (operands[0], operands.count > 1 ? operands[1] : nil)
    let blockSize = KernelArguments.blockSize(work: positions)
    kernel.forEachBlock(of: shape[0] * channels, blockSize: blockSize) { rows, piece in
      for row in rows {
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

  func scratchCount(inputs: [Shape], output: Shape) -> Int { Self.pieceCount }

  private struct Operand {
    let x: UnsafePointer<Float>
    let scale: UnsafePointer<Float>?
    let mean: UnsafePointer<Float>?
  }

  @inline(__always)
  private func activate(_ y: UnsafeMutablePointer<Float>, _ reference: UnsafePointer<Float>?, _ count: Int) {
    switch activation {
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
