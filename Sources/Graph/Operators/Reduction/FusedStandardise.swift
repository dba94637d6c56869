import Tensor

/// `Standardise` with the scale and the shift of a layer normalisation.
///
/// Inputs: x; scale; the shift where present. All but x have one number for each of the last axis.
package struct FusedStandardise: FusedOperator {
  package static let name = "fused-standardise"

  package let epsilon: Float
  package var hasShift = false

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(hasShift ? 3 : 2, inputs)
    guard inputs.dropFirst().allSatisfy({ Self.isRow($0, of: inputs[0]) }) else {
      throw mismatch(inputs, "expected one number for each of the last axis")
    }
    return inputs[0]
  }

  /// Whether a shape has one number for each of the last axis, and no more axes.
  static func isRow(_ shape: Shape, of output: Shape) -> Bool {
    output.rank > 0 && shape.rank <= output.rank && shape.count == output[output.rank - 1]
      && shape.dimensions.last == shape.count
  }
}

/// `StandardiseGradient` of a signal times the scale of a layer normalisation.
///
/// Inputs: x, the signal, the scale.
package struct FusedStandardiseGradient: FusedOperator {
  package static let name = "fused-standardise-gradient"

  package let epsilon: Float

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(3, inputs)
    guard inputs[0] == inputs[1], FusedStandardise.isRow(inputs[2], of: inputs[0]) else {
      throw mismatch(inputs, "expected two of the same shape, and one number for each of the last axis")
    }
    return inputs[0]
  }
}
