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
    guard let count = arguments.outputShape.dimensions.last, count > 0 else { return }
    // An exponential is worth tens of elementary steps.
    let blockSize = KernelArguments.blockSize(work: 32 * count)
    arguments.forEachBlock(of: arguments.outputShape.count / count, blockSize: blockSize) { range, scratch in
      for row in range {
        function(
          arguments.inputs[0] + row * count, into: arguments.output + row * count, count: count, scratch: scratch)
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
