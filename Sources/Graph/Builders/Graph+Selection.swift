import Tensor

/// Comparison, selection and rounding. Operands broadcast by NumPy's rule.
extension Graph {
  /// The larger of two, elementwise; `maximum(_:axes:)` is the reduction.
  package mutating func larger(_ left: Value, _ right: Value) throws(GraphError) -> Value {
    try apply(Larger(), [left, right])
  }

  package mutating func smaller(_ left: Value, _ right: Value) throws(GraphError) -> Value {
    try negate(larger(negate(left), negate(right)))
  }

  /// 1 where left > right, else 0.
  package mutating func greater(_ left: Value, _ right: Value) throws(GraphError) -> Value {
    try apply(Greater(), [left, right])
  }

  /// 1 where left = right, else 0.
  package mutating func equal(_ left: Value, _ right: Value) throws(GraphError) -> Value {
    try apply(Equal(), [left, right])
  }

  /// `a` where the condition is not 0, else `b`.
  package mutating func select(_ condition: Value, _ a: Value, _ b: Value) throws(GraphError) -> Value {
    let shapes = [condition, a, b].map { shape(of: $0) }
    guard let pair = Shape(broadcasting: shapes[1], shapes[2]), let all = Shape(broadcasting: shapes[0], pair) else {
      throw .shape(operation: Select.name, inputs: shapes, reason: "the shapes do not broadcast to a common one")
    }
    return try apply(
      Select(), [broadcast(condition, to: all), broadcast(a, to: all), broadcast(b, to: all)])
  }

  package mutating func power(_ base: Value, _ exponent: Value) throws(GraphError) -> Value {
    try apply(Power(), [base, exponent])
  }

  /// What a division leaves, with the sign of the dividend or the divisor; see `Remainder`.
  package mutating func remainder(
    _ left: Value, _ right: Value, signOfDividend: Bool
  ) throws(GraphError) -> Value {
    try apply(Remainder(sign: signOfDividend ? .dividend : .divisor), [left, right])
  }

  package mutating func sin(_ x: Value) throws(GraphError) -> Value { try apply(Sine(), [x]) }
  package mutating func cos(_ x: Value) throws(GraphError) -> Value { try apply(Cosine(), [x]) }
  package mutating func sign(_ x: Value) throws(GraphError) -> Value { try apply(Sign(), [x]) }
  package mutating func floor(_ x: Value) throws(GraphError) -> Value { try apply(Rounding(direction: .down), [x]) }
  package mutating func ceil(_ x: Value) throws(GraphError) -> Value { try apply(Rounding(direction: .up), [x]) }

  /// Without the fraction.
  package mutating func truncate(_ x: Value) throws(GraphError) -> Value {
    try apply(Rounding(direction: .towardZero), [x])
  }

  /// To the nearest whole number, halves to the even one.
  package mutating func round(_ x: Value) throws(GraphError) -> Value {
    try apply(Rounding(direction: .nearest), [x])
  }

  /// The exponential linear unit and its relatives; see `ELU`.
  package mutating func elu(
    _ x: Value, alpha: Float = 1, scale: Float = 1, rate: Float = 1
  ) throws(GraphError) -> Value {
    try apply(ELU(alpha: alpha, scale: scale, rate: rate), [x])
  }

  /// x where it is larger than `threshold`, else 0.
  package mutating func thresholdedReLU(_ x: Value, threshold: Float) throws(GraphError) -> Value {
    try apply(Gate(), [x, subtract(x, constant(threshold))])
  }

  /// The entries `indices` of one axis; see `Take`.
  package mutating func take(_ x: Value, axis: Int, indices: [Int]) throws(GraphError) -> Value {
    try apply(Take(axis: axis, indices: indices), [x])
  }

  /// Puts `step` - 1 zeros between neighbours along one axis, and `low` and `high` around.
  package mutating func spread(
    _ x: Value, axis: Int, step: Int, low: Int, high: Int
  ) throws(GraphError) -> Value {
    let none = [Int](repeating: 0, count: shape(of: x).rank)
    guard none.indices.contains(axis) else {
      throw .shape(operation: Pad.name, inputs: [shape(of: x)], reason: "no axis \(axis)")
    }
    var (before, behind, between) = (none, none, none)
    (before[axis], behind[axis], between[axis]) = (low, high, step - 1)
    return try apply(Pad(low: before, high: behind, interior: between), [x])
  }
}
