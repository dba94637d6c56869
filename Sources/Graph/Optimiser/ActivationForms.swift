import Tensor

/// Activations that a graph spells out, as ONNX exports do, are one operator with one derivative.
extension Graph {
  /// The product of two values as `x sigmoid(x)`, SiLU, or `x (1 + erf(x / sqrt 2)) / 2`, GELU, in any order of the factors.
  func activation(product operands: [Value]) -> (operation: any Operator, input: Value)? {
    for (x, gate) in [(operands[0], operands[1]), (operands[1], operands[0])] {
      if case .apply(is Sigmoid, let inputs) = self[gate].source, inputs[0] == x { return (SiLU(), x) }
    }
    var factors: [Value] = []
    var scale: Float = 1
    for operand in operands {
      if case .apply(is Multiply, let inner) = self[operand].source {
        factors += inner
      } else {
        factors.append(operand)
      }
    }
    factors.removeAll {
      guard let number = number($0) else { return false }
      scale *= number
      return true
    }
    guard factors.count == 2, scale == 0.5 else { return nil }
    for (x, other) in [(factors[0], factors[1]), (factors[1], factors[0])]
    where isOnePlusErrorFunction(other, of: x) {
      // A number of higher rank would have changed the shape.
      let shapes = operands.map { shape(of: $0) }
      if Shape(broadcasting: shapes[0], shapes[1]) == shape(of: x) { return (GELU(), x) }
    }
    return nil
  }

  /// Whether the value is 1 + erf(x / sqrt 2), to the rounding of the constant.
  private func isOnePlusErrorFunction(_ value: Value, of x: Value) -> Bool {
    guard let (sum, one) = scalarOperand(Add.self, of: value), one == 1,
      case .apply(is ErrorFunction, let inputs) = self[sum].source
    else { return false }
    let factor: Float
    if let (inner, scale) = scalarOperand(Multiply.self, of: inputs[0]), inner == x {
      factor = scale
    } else if case .apply(is Divide, let quotient) = self[inputs[0]].source, quotient[0] == x,
      let divisor = number(quotient[1])
    {
      factor = 1 / divisor
    } else {
      return false
    }
    return abs(factor - Float(0.5.squareRoot())) < 2e-7
  }

  /// The other operand and the number, where one operand of the operation is a number.
  private func scalarOperand<Operation: Operator>(_: Operation.Type, of value: Value) -> (Value, Float)? {
    guard case .apply(is Operation, let operands) = self[value].source else { return nil }
    if let number = number(operands[1]) { return (operands[0], number) }
    return number(operands[0]).map { (operands[1], $0) }
  }

  /// The value of a constant of one element.
  private func number(_ value: Value) -> Float? {
    guard let tensor = constantTensor(value), tensor.shape.count == 1 else { return nil }
    return tensor.scalars[0]
  }
}
