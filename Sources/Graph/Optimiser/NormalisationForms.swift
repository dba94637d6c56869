import Tensor

/// Group normalisation, which builders and exporters compose of a dozen operators, as one (`FusedNormalisation`), and what can be
/// joined to it. Where a derivative reads a value between, they stay apart.
extension Graph {
  /// - Parameter uses: how many read a value.
  /// - Returns: nil where nothing can be joined.
  mutating func fusedNormalisation(
    _ operation: any Operator, _ operands: [Value], shape: Shape, uses: (Value) -> Int
  ) throws(GraphError) -> Value? {
    switch operation {
    case is Reshape:
      guard let (found, x) = normalisation(operands[0], shape: shape, uses: uses) else { return nil }
      var (fused, inputs) = (found, [x])
      if uses(x) == 1, case .apply(is Add, let terms) = self[x].source, self.shape(of: terms[0]) == shape,
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

  /// (g - mean g) / sqrt(mean (g - mean g)^2 + epsilon) over the last axis of g, which is x as `[N, groups, count]`.
  private func normalisation(
    _ value: Value, shape: Shape, uses: (Value) -> Int
  ) -> (FusedNormalisation, x: Value)? {
    guard shape.rank == 4, uses(value) == 1,
      case .apply(is Divide, let quotient) = self[value].source, uses(quotient[0]) == 3, uses(quotient[1]) == 1,
      case .apply(is Subtract, let difference) = self[quotient[0]].source, uses(difference[1]) == 1,
      case .apply(is SquareRoot, let radicand) = self[quotient[1]].source, uses(radicand[0]) == 1,
      case .apply(is Add, let sum) = self[radicand[0]].source, uses(sum[0]) == 1,
      let epsilon = constantTensor(sum[1]), epsilon.shape.count == 1,
      let squares = operandOfMean(sum[0]), uses(squares) == 1,
      case .apply(is Multiply, let factors) = self[squares].source, factors == [quotient[0], quotient[0]],
      let grouped = operandOfMean(difference[1]), grouped == difference[0], uses(grouped) == 2,
      case .apply(is Reshape, let original) = self[grouped].source, self.shape(of: original[0]) == shape
    else { return nil }
    let groupShape = self.shape(of: grouped)
    guard groupShape.rank == 3, groupShape[0] == shape[0], shape[1].isMultiple(of: groupShape[1]) else { return nil }
    return (FusedNormalisation(groups: groupShape[1], epsilon: epsilon.scalars[0]), original[0])
  }

  /// What a value is the mean of over the last of three axes.
  private func operandOfMean(_ value: Value) -> Value? {
    guard case .apply(is Multiply, let product) = self[value].source, let factor = constantTensor(product[1]),
      case .apply(let sum as Sum, let operands) = self[product[0]].source, sum.axes == [2]
    else { return nil }
    let shape = self.shape(of: operands[0])
    guard factor.shape.count == 1, shape.rank == 3, factor.scalars[0] == 1 / Float(max(1, shape[2])) else { return nil }
    return operands[0]
  }
}
