import Foundation
import Kernels

/// How one row along the last axis is computed.
protocol RowFunction: Sendable {
  /// Floats of memory of its own that it wants.
  var scratchCount: Int { get }

  func callAsFunction(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int, scratch: UnsafeMutablePointer<Float>)
}

/// A function of each row along the last axis by itself, which keeps the shape.
struct RowKernel<Function: RowFunction>: CPUKernel {
  let function: Function

  var scratchCount: Int { function.scratchCount }

  func evaluate(_ arguments: KernelArguments) {
    // An exponential is worth tens of elementary steps.
    arguments.forEachBlockOfRows(work: 32) { rows, start, count, scratch in
      for row in 0..<rows {
        let place = start + row * count
        function(arguments.inputs[0] + place, into: arguments.output + place, count: count, scratch: scratch)
      }
    }
  }
}

/// See `LogSoftmax`.
struct LogSoftmaxRow: RowFunction {
  var scratchCount: Int { 0 }

  func callAsFunction(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int, scratch: UnsafeMutablePointer<Float>
  ) {
    // Subtracted before exponentials are taken, so that none overflows.
    var largest = -Float.infinity
    for index in 0..<count { largest = max(largest, x[index]) }
    var sum = 0.0
    for index in 0..<count { sum += exp(Double(x[index] - largest)) }
    let normaliser = Float(log(sum)) + largest
    for index in 0..<count { y[index] = x[index] - normaliser }
  }
}

/// See `Softmax`.
struct SoftmaxRow: RowFunction {
  private let vectors = VectorKernels()

  var scratchCount: Int { 16 }

  func callAsFunction(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int, scratch: UnsafeMutablePointer<Float>
  ) {
    vectors.softmaxRow(count: count, source: x, output: y, sums: scratch)
  }
}
