import Foundation
import Graph
import Kernels

/// How a function of two numbers is computed.
protocol BinaryFunction: Sendable {
  func callAsFunction(_ left: Float, _ right: Float) -> Float

  /// The function of `count` pairs; `output` may be `left` or `right`.
  func apply(
    _ count: Int, _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>)

  /// The function of `count` numbers with one; `output` may be `left`.
  func apply(_ count: Int, _ left: UnsafePointer<Float>, _ right: Float, _ output: UnsafeMutablePointer<Float>)

  /// The function of one number with `count`; `output` may be `right`.
  func apply(_ count: Int, _ left: Float, _ right: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>)
}

// The loops are requirements so that each function's own are what is called: a loop of `BinaryKernel` that the compiler
// does not specialise would call the function once per number (0.6 times the images per second of EfficientNet).
// In place, one pointer says so: a loop over several that may overlap is not vectorised.
extension BinaryFunction {
  @inline(__always)
  func apply(
    _ count: Int, _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>
  ) {
    if UnsafePointer(output) == left {
      for index in 0..<count { output[index] = self(output[index], right[index]) }
    } else if UnsafePointer(output) == right {
      for index in 0..<count { output[index] = self(left[index], output[index]) }
    } else {
      for index in 0..<count { output[index] = self(left[index], right[index]) }
    }
  }

  @inline(__always)
  func apply(_ count: Int, _ left: UnsafePointer<Float>, _ right: Float, _ output: UnsafeMutablePointer<Float>) {
    if UnsafePointer(output) == left {
      for index in 0..<count { output[index] = self(output[index], right) }
    } else {
      for index in 0..<count { output[index] = self(left[index], right) }
    }
  }

  @inline(__always)
  func apply(_ count: Int, _ left: Float, _ right: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>) {
    if UnsafePointer(output) == right {
      for index in 0..<count { output[index] = self(left, output[index]) }
    } else {
      for index in 0..<count { output[index] = self(left, right[index]) }
    }
  }
}

extension Add: BinaryFunction {
  func callAsFunction(_ left: Float, _ right: Float) -> Float { left + right }

  func apply(
    _ count: Int, _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>
  ) {
    VectorKernels().add(count: count, left: left, right: right, output: output)
  }

  func apply(_ count: Int, _ left: UnsafePointer<Float>, _ right: Float, _ output: UnsafeMutablePointer<Float>) {
    VectorKernels().add(count: count, left: left, right: right, output: output)
  }

  func apply(_ count: Int, _ left: Float, _ right: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>) {
    VectorKernels().add(count: count, left: right, right: left, output: output)
  }
}

extension Subtract: BinaryFunction {
  func callAsFunction(_ left: Float, _ right: Float) -> Float { left - right }
}

extension Multiply: BinaryFunction {
  func callAsFunction(_ left: Float, _ right: Float) -> Float { left * right }

  func apply(
    _ count: Int, _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>
  ) {
    VectorKernels().multiply(count: count, left: left, right: right, output: output)
  }

  func apply(_ count: Int, _ left: UnsafePointer<Float>, _ right: Float, _ output: UnsafeMutablePointer<Float>) {
    VectorKernels().multiply(count: count, left: left, right: right, output: output)
  }

  func apply(_ count: Int, _ left: Float, _ right: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>) {
    VectorKernels().multiply(count: count, left: right, right: left, output: output)
  }
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
    let open = right > lower ? left : (slope == 0 ? 0 : slope * left)
    return right >= upper ?? .nan ? 0 : open
  }
}

extension Larger: BinaryFunction {
  // NaN wins: it must not disappear.
  func callAsFunction(_ left: Float, _ right: Float) -> Float {
    left > right || left != left ? left : right
  }
}
