import Foundation

/// How one row along the last axis is computed.
protocol RowFunction: Sendable {
  func callAsFunction(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int)
}

/// A function of each row along the last axis by itself, which keeps the shape.
struct RowKernel<Function: RowFunction>: CPUKernel {
  let function: Function

  func evaluate(_ arguments: KernelArguments) {
    guard let count = arguments.outputShape.dimensions.last, count > 0 else { return }
    // An exponential is worth tens of elementary steps.
    let blockSize = KernelArguments.blockSize(work: 32 * count)
    arguments.forEachBlock(of: arguments.outputShape.count / count, blockSize: blockSize) { range, _ in
      for row in range {
        function(arguments.inputs[0] + row * count, into: arguments.output + row * count, count: count)
      }
    }
  }
}

/// See `LogSoftmax`.
struct LogSoftmaxRow: RowFunction {
  func callAsFunction(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int) {
    let largest = largest(x, count: count)
    var sum = 0.0
    for index in 0..<count { sum += exp(Double(x[index] - largest)) }
    let normaliser = Float(log(sum)) + largest
    for index in 0..<count { y[index] = x[index] - normaliser }
  }
}

/// See `Softmax`.
struct SoftmaxRow: RowFunction {
  func callAsFunction(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int) {
    let largest = largest(x, count: count)
    var sum: Float = 0
    for index in 0..<count {
      y[index] = exp(x[index] - largest)
      sum += y[index]
    }
    for index in 0..<count { y[index] /= sum }
  }
}

extension RowFunction {
  /// Subtracted before exponentials are taken, so that none overflows.
  @inline(__always)
  func largest(_ x: UnsafePointer<Float>, count: Int) -> Float {
    var largest = -Float.infinity
    for index in 0..<count { largest = max(largest, x[index]) }
    return largest
  }
}
