import Tensor

extension Graph {
  /// A quotient as (x - mean) / sqrt(mean (x - mean)^2 + epsilon) over the last axis, as exporters of layer normalisation before
  /// ONNX's opset 17 spell it out. Found before networks are differentiated.
  func standardisation(quotient operands: [Value]) -> (operation: Standardise, x: Value)? {
    guard case .apply(is Subtract, let difference) = self[operands[0]].source,
      let x = operandOfRowMean(difference[1]), x == difference[0],
      case .apply(is SquareRoot, let radicand) = self[operands[1]].source,
      case .apply(is Add, let sum) = self[radicand[0]].source,
      let epsilon = constantTensor(sum[1]), epsilon.shape.count == 1,
      let squares = operandOfRowMean(sum[0])
    else { return nil }
    switch self[squares].source {
    case .apply(is Multiply, let factors) where factors == [operands[0], operands[0]]: break
    case .apply(is Power, let power) where power[0] == operands[0]:
      guard let exponent = constantTensor(power[1]), exponent.shape.count == 1, exponent.scalars[0] == 2 else {
        return nil
      }
    default: return nil
    }
    return (Standardise(epsilon: epsilon.scalars[0]), x)
  }

  /// What a value is the mean of over the last axis, which it keeps with one element.
  private func operandOfRowMean(_ value: Value) -> Value? {
    guard case .apply(is Multiply, let product) = self[value].source, let factor = constantTensor(product[1]),
      factor.shape.count == 1
    else { return nil }
    // The sum keeps the axis, or a view gives it back.
    var total = product[0]
    if case .apply(is Reshape, let original) = self[total].source { total = original[0] }
    guard case .apply(let sum as Sum, let operands) = self[total].source else { return nil }
    let shape = self.shape(of: operands[0])
    guard shape.rank > 0, sum.axes == [shape.rank - 1], factor.scalars[0] == 1 / Float(max(1, shape[shape.rank - 1])),
      self.shape(of: value) == Shape(shape.dimensions.dropLast() + [1])
    else { return nil }
    return operands[0]
  }
}

/// Group normalisation, which is that of rows between two changes of shape, as one operator (`FusedNormalisation`), and what can be
/// joined to it. Where a derivative reads a value between, they stay apart.
extension Graph {
  /// - Parameter uses: how many read a value.
  /// - Returns: nil where nothing can be joined.
  mutating func fusedNormalisation(
    _ operation: any Operator, _ operands: [Value], shape: Shape, uses: (Value) -> Int
  ) throws(GraphError) -> Value? {
    switch operation {
    case is Reshape:
      guard let (found, rows, x) = normalisation(operands[0], shape: shape, uses: uses) else { return nil }
      var (fused, inputs) = (found, [x])
      // The derivative reads the sum.
      if uses(rows) == 1, uses(x) == 1, case .apply(is Add, let terms) = self[x].source,
        self.shape(of: terms[0]) == shape,
        FusedNormalisation.isColumn(self.shape(of: terms[1]), of: shape)
      {
        fused.hasOffset = true
        inputs = terms
      }
      return try apply(fused, inputs)
    case is Multiply:
      guard case (var fused, var inputs, let column)? = joinable(operands, shape: shape, uses: uses),
        fused.affines.count < FusedNormalisation.largestAffineCount
      else { return nil }
      fused.affines.append(.init(hasScale: true))
      inputs.append(column)
      return try apply(fused, inputs)
    case is Add:
      guard case (var fused, var inputs, let column)? = joinable(operands, shape: shape, uses: uses) else { return nil }
      if fused.affines.last?.hasShift == false {
        fused.affines[fused.affines.count - 1].hasShift = true
      } else if fused.affines.count < FusedNormalisation.largestAffineCount {
        fused.affines.append(.init(hasShift: true))
      } else {
        return nil
      }
      inputs.append(column)
      return try apply(fused, inputs)
    case is SiLU:
      guard uses(operands[0]) == 1, case .apply(var fused as FusedNormalisation, let inputs) = self[operands[0]].source,
        !fused.isActivated
      else { return nil }
      fused.isActivated = true
      return try apply(fused, inputs)
    default:
      return nil
    }
  }

  /// A normalisation that nothing else reads, and the numbers of channels that it is joined with.
  private func joinable(
    _ operands: [Value], shape: Shape, uses: (Value) -> Int
  ) -> (FusedNormalisation, inputs: [Value], column: Value)? {
    for (value, column) in [(operands[0], operands[1]), (operands[1], operands[0])] {
      if uses(value) == 1, case .apply(let fused as FusedNormalisation, let inputs) = self[value].source,
        !fused.isActivated, FusedNormalisation.isColumn(self.shape(of: column), of: shape)
      {
        return (fused, inputs, column)
      }
    }
    return nil
  }

  /// A value that standardises the last axis of x as `[N, groups, count]`.
  private func normalisation(
    _ value: Value, shape: Shape, uses: (Value) -> Int
  ) -> (FusedNormalisation, rows: Value, x: Value)? {
    guard shape.rank == 4, uses(value) == 1, case .apply(let plain as Standardise, let rows) = self[value].source,
      case .apply(is Reshape, let original) = self[rows[0]].source, self.shape(of: original[0]) == shape
    else { return nil }
    let groups = self.shape(of: rows[0])
    guard groups.rank == 3, groups[0] == shape[0], groups[1] > 0, shape[1].isMultiple(of: groups[1]) else { return nil }
    return (FusedNormalisation(groups: groups[1], epsilon: plain.epsilon), rows[0], original[0])
  }
}
