import Tensor

/// activation(scale (x + offset - mean) / sqrt(variance + epsilon) + shift) of x `[N, C, H, W]` in one step, mean and biased
/// variance over the positions and channels of a group: group normalisation with what stands around it in networks.
///
/// Inputs: x; the offset where present; the scales and shifts of each affine map, one after the other. All but x are
/// `[1, C, 1, 1]` or `[N, C, 1, 1]`.
package struct FusedNormalisation: FusedOperator {
  package static let name = "fused-normalisation"

  /// y = scale x + shift; either may be missing.
  package struct Affine: Hashable {
    package var hasScale = false
    package var hasShift = false

    package var inputCount: Int { (hasScale ? 1 : 0) + (hasShift ? 1 : 0) }
  }

  /// The most that are joined: a layer's own, and one that depends on the image.
  static let largestAffineCount = 2

  package let groups: Int
  package let epsilon: Float
  package var hasOffset = false
  package var affines: [Affine] = []
  /// SiLU at the end.
  package var isActivated = false

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1 + (hasOffset ? 1 : 0) + affines.reduce(0) { $0 + $1.inputCount }, inputs)
    let output = inputs[0]
    guard output.rank == 4, groups >= 1, output[1].isMultiple(of: groups),
      inputs.dropFirst().allSatisfy({ Self.isColumn($0, of: output) })
    else { throw mismatch(inputs, "expected [N, C, H, W] in \(groups) groups, and numbers of its channels") }
    return output
  }

  /// Whether a shape has one number for each channel, of all images or of each.
  static func isColumn(_ shape: Shape, of output: Shape) -> Bool {
    shape == [1, output[1], 1, 1] || shape == [output[0], output[1], 1, 1]
  }
}
