import Foundation
import Graph

/// How a function of two numbers is computed.
protocol BinaryFunction: Sendable {
  func callAsFunction(_ left: Float, _ right: Float) -> Float
}

extension Add: BinaryFunction {
  func callAsFunction(_ left: Float, _ right: Float) -> Float { left + right }
}

extension Subtract: BinaryFunction {
  func callAsFunction(_ left: Float, _ right: Float) -> Float { left - right }
}

extension Multiply: BinaryFunction {
  func callAsFunction(_ left: Float, _ right: Float) -> Float { left * right }
}

extension Divide: BinaryFunction {
  func callAsFunction(_ left: Float, _ right: Float) -> Float { left / right }
}

extension Power: BinaryFunction {
  func callAsFunction(_ left: Float, _ right: Float) -> Float { pow(left, right) }
}

extension Remainder: BinaryFunction {
  func callAsFunction(_ left: Float, _ right: Float) -> Float {
    let rest = left.truncatingRemainder(dividingBy: right)
    guard sign == .divisor else { return rest }
    // A remainder of 0 has the divisor's sign as well.
    if rest == 0 { return Float(signOf: right, magnitudeOf: 0) }
    return (rest < 0) != (right < 0) ? rest + right : rest
  }
}

extension Equal: BinaryFunction {
  func callAsFunction(_ left: Float, _ right: Float) -> Float { left == right ? 1 : 0 }
}

extension Greater: BinaryFunction {
  func callAsFunction(_ left: Float, _ right: Float) -> Float { left > right ? 1 : 0 }
}

extension Gate: BinaryFunction {
  // A closed gate gives 0 for an infinite signal too.
  @inline(__always)
  func callAsFunction(_ left: Float, _ right: Float) -> Float {
    right > 0 ? left : (slope == 0 ? 0 : slope * left)
  }
}

extension Larger: BinaryFunction {
  // NaN wins: it must not disappear.
  func callAsFunction(_ left: Float, _ right: Float) -> Float {
    left > right || left != left ? left : right
  }
}
