import Tensor

/// An operator on each row along the last axis by itself, which keeps the shape.
protocol RowOperator: Operator {
  func evaluateRow(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int)
}

extension RowOperator {
  func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1, inputs)
    guard inputs[0].rank > 0 else { throw mismatch(inputs, "needs at least one axis") }
    return inputs[0]
  }

  func evaluate(_ kernel: KernelArguments) {
    guard let count = kernel.outputShape.dimensions.last, count > 0 else { return }
    // An exponential is worth tens of elementary steps.
    let blockSize = KernelArguments.blockSize(work: 32 * count)
    kernel.forEachBlock(of: kernel.outputShape.count / count, blockSize: blockSize) { range, _ in
      for row in range {
        evaluateRow(kernel.inputs[0] + row * count, into: kernel.output + row * count, count: count)
      }
    }
  }

  /// Subtracted before exponentials are taken, so that none overflows.
  @inline(__always)
  func largest(_ x: UnsafePointer<Float>, count: Int) -> Float {
    var largest = -Float.infinity
    for index in 0..<count { largest = max(largest, x[index]) }
    return largest
  }
}
