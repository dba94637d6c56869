import Tensor

/// Roots of sums of powers. As a norm has no derivative at the vector of zeros, 0 is taken there, as by PyTorch: the root's own
/// is infinite, and times the 0 of the powers it would be NaN.
extension Graph {
  /// The square root of the sum of squares over `axes`, which keep extent 1.
  package mutating func norm(_ x: Value, axes: [Int]) throws(GraphError) -> Value {
    try root(ofPowers: sum(multiply(x, x), axes: axes), order: 2)
  }

  /// The root of order `order` of a sum of powers, which is not negative; its derivative at 0 is 0.
  package mutating func root(ofPowers total: Value, order: Int) throws(GraphError) -> Value {
    guard order > 1 else { return total }
    let isZero = try equal(total, constant(0))
    let positive = try select(isZero, constant(1), total)
    let root = order == 2 ? try squareRoot(positive) : try power(positive, constant(1 / Float(order)))
    return try select(isZero, constant(0), root)
  }

  /// Whether a value is a sum or a mean of squares, as graphs spell out norms and standard deviations.
  package func isSumOfSquares(_ value: Value) -> Bool {
    guard case .apply(let operation, let inputs) = self[value].source else { return false }
    switch operation {
    case is Sum:
      guard case .apply(is Multiply, let factors) = self[inputs[0]].source else { return false }
      return factors[0] == factors[1]
    case is Reshape: return isSumOfSquares(inputs[0])
    case is Multiply, is Divide:
      // A mean is a sum times a number.
      guard let number = constantTensor(inputs[1]), number.shape.count == 1, number.scalars[0] > 0 else { return false }
      return isSumOfSquares(inputs[0])
    default: return false
    }
  }
}
