/// A function of a few numbers as a formula. It says what an elementwise operator computes, so that a backend can make code of
/// it; a backend may compute it in another way that agrees to rounding, and has the limit at infinities where the formula
/// multiplies one by 0.
package indirect enum ScalarExpression: Sendable, Hashable {
  /// The operator's input of this number.
  case input(Int)
  case constant(Float)
  case unary(Unary, ScalarExpression)
  case binary(Binary, ScalarExpression, ScalarExpression)
  /// The second where the first is not 0 (NaN is not), else the third, whatever the other one is.
  case select(ScalarExpression, ScalarExpression, ScalarExpression)

  package enum Unary: Sendable, Hashable, CaseIterable {
    case negation, absoluteValue, squareRoot
    /// To whole numbers; `nearestEven` rounds halves to the even neighbour.
    case floor, ceiling, truncation, nearestEven
    case exponential, exponentialMinusOne, logarithm, logarithmOfOnePlus
    /// Angles in radians.
    case sine, cosine, arcSine, arcCosine, arcTangent
    case hyperbolicSine, hyperbolicCosine, hyperbolicTangent, areaSine, areaCosine, areaTangent
    case errorFunction
  }

  package enum Binary: Sendable, Hashable, CaseIterable {
    case addition, subtraction, multiplication, division, power
    /// Of the division rounded toward zero: C's `fmod`.
    case truncatedRemainder
    /// The magnitude of the first with the sign of the second.
    case copySign
    /// 1 where true, else 0; false for NaN.
    case greater, greaterOrEqual, equal
  }
}

// So that the formulas of operators read as such.

extension ScalarExpression: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  package init(floatLiteral value: Float) { self = .constant(value) }
  package init(integerLiteral value: Int) { self = .constant(Float(value)) }

  package static var x: Self { .input(0) }
  package static var y: Self { .input(1) }
  package static var z: Self { .input(2) }

  package static func + (left: Self, right: Self) -> Self { .binary(.addition, left, right) }
  package static func - (left: Self, right: Self) -> Self { .binary(.subtraction, left, right) }
  package static func * (left: Self, right: Self) -> Self { .binary(.multiplication, left, right) }
  package static func / (left: Self, right: Self) -> Self { .binary(.division, left, right) }
  static prefix func - (operand: Self) -> Self { .unary(.negation, operand) }

  package static func exp(_ operand: Self) -> Self { .unary(.exponential, operand) }
  package static func sigmoid(_ operand: Self) -> Self { 1 / (1 + exp(-operand)) }
  package static func greater(_ left: Self, _ right: Self) -> Self { .binary(.greater, left, right) }
  package static func equal(_ left: Self, _ right: Self) -> Self { .binary(.equal, left, right) }
}

/// An operator that computes every element by one formula.
package protocol ScalarOperator: Operator {
  /// Of the elements of the inputs at one place.
  var expression: ScalarExpression { get }
}
