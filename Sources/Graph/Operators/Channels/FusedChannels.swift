import Tensor

/// activation(sum of terms + shift) in one pass, each term x, scale x or scale (x - mean) with x of the output's shape
/// `[N, C, ...]` and the other `[C]`: batch normalisation with its activation, and its derivative with
/// those of what else reads its input.
///
/// Inputs: of each term x, then its scale and mean where present; the shift; the gate's reference.
package struct FusedChannels: FusedOperator {
  package static let name = "fused-channels"

  package struct Term: Hashable {
    package var hasScale = false
    package var hasMean = false

    package var inputCount: Int { 1 + (hasScale ? 1 : 0) + (hasMean ? 1 : 0) }
  }

  /// One or two.
  package let terms: [Term]
  package var hasShift = false
  package var activation = FusedLayer.Activation.none

  package var isElementwise: Bool { true }

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
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
}
