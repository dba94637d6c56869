import Foundation
import Kernels

/// See `Softmax`.
struct SoftmaxKernel: CPUKernel {
  private let vectors = VectorKernels()

  var scratchCount: Int { VectorKernels.softmaxScratchCount }

  func evaluate(_ arguments: KernelArguments) {
    arguments.forEachBlockOfRows(work: 2, together: 16) { rows, start, count, scratch in
      vectors.softmaxRows(
        rows: rows, count: count, source: arguments.inputs[0] + start, output: arguments.output + start,
        scratch: scratch)
    }
  }
}

/// See `LogSoftmax`.
struct LogSoftmaxKernel: CPUKernel {
  func evaluate(_ arguments: KernelArguments) {
    // An exponential is worth tens of elementary steps.
    arguments.forEachBlockOfRows(work: 32) { rows, start, count, _ in
      for row in 0..<rows {
        let place = start + row * count
        logSoftmax(arguments.inputs[0] + place, into: arguments.output + place, count: count)
      }
    }
  }

  private func logSoftmax(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int) {
    // Subtracted before exponentials are taken, so that none overflows.
    var largest = -Float.infinity
    for index in 0..<count { largest = max(largest, x[index]) }
    var sum = 0.0
    for index in 0..<count { sum += exp(Double(x[index] - largest)) }
    let normaliser = Float(log(sum)) + largest
    for index in 0..<count { y[index] = x[index] - normaliser }
  }
}
