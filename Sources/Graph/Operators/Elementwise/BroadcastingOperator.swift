import Tensor

/// A function of two numbers, applied elementwise with NumPy's broadcasting.
public protocol BroadcastingOperator: Operator {
  func callAsFunction(_ left: Float, _ right: Float) -> Float
}

extension BroadcastingOperator {
  public var isElementwise: Bool { true }

  public func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(2, inputs)
    guard let shape = Shape(broadcasting: inputs[0], inputs[1]) else {
      throw mismatch(inputs, "the shapes do not broadcast to a common one")
    }
    return shape
  }

  public func evaluate(_ kernel: KernelArguments) {
    let left = kernel.inputs[0]
    let right = kernel.inputs[1]
    let output = kernel.output
    let shape = kernel.outputShape
    let count = shape.count
    let leftShape = kernel.inputShapes[0]
    let rightShape = kernel.inputShapes[1]
    let blockSize = KernelArguments.blockSize(work: 1)
    if leftShape == shape && rightShape == shape {
      kernel.forEachBlock(of: count, blockSize: blockSize) { range, _ in
        combine(left + range.lowerBound, right + range.lowerBound, into: output + range.lowerBound, count: range.count)
      }
    } else if leftShape == shape && rightShape.count == 1 {
      let value = right[0]
      kernel.forEachBlock(of: count, blockSize: blockSize) { range, _ in
        combine(left + range.lowerBound, value: value, into: output + range.lowerBound, count: range.count)
      }
    } else {
      // Rows along the last axis; each operand's row is contiguous or one repeated number.
      let leftStrides = leftShape.broadcastStrides(to: shape)
      let rightStrides = rightShape.broadcastStrides(to: shape)
      let (rowLength, leftStep, rightStep, rows) = mergedRows(shape, leftStrides, rightStrides)
      kernel.forEachBlock(of: rows.count, blockSize: KernelArguments.blockSize(work: rowLength)) { range, _ in
        var row = range.lowerBound
        rows.forEachOffset(leftStrides, rightStrides, range) { leftOffset, rightOffset in
          let a = left + leftOffset
          let b = right + rightOffset
          let target = output + row * rowLength
          switch (leftStep, rightStep) {
          case (1, 1): combine(a, b, into: target, count: rowLength)
          case (1, _): combine(a, value: b[0], into: target, count: rowLength)
          case (_, 1): combine(value: a[0], b, into: target, count: rowLength)
          default:
            let value = self(a[0], b[0])
            for index in 0..<rowLength { target[index] = value }
          }
          row += 1
        }
      }
    }
  }

  // In place, one pointer says so: a loop over several that may overlap is not vectorised.

  @inline(__always)
  private func combine(
    _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>, count: Int
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
  private func combine(
    _ left: UnsafePointer<Float>, value: Float, into output: UnsafeMutablePointer<Float>, count: Int
  ) {
    if UnsafePointer(output) == left {
      for index in 0..<count { output[index] = self(output[index], value) }
    } else {
      for index in 0..<count { output[index] = self(left[index], value) }
    }
  }

  @inline(__always)
  private func combine(
    value: Float, _ right: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>, count: Int
  ) {
    if UnsafePointer(output) == right {
      for index in 0..<count { output[index] = self(value, output[index]) }
    } else {
      for index in 0..<count { output[index] = self(value, right[index]) }
    }
  }

  /// Joins trailing axes that both operands traverse alike, so that `[N, C, H, W]` with `[C, 1, 1]` has rows of H * W.
  private func mergedRows(
    _ shape: Shape, _ leftStrides: [Int], _ rightStrides: [Int]
  ) -> (rowLength: Int, leftStep: Int, rightStep: Int, rows: Shape) {
    guard shape.rank > 0 else { return (1, 0, 0, []) }
    var axis = shape.rank - 1
    var length = shape[axis]
    let leftStep = leftStrides[axis]
    let rightStep = rightStrides[axis]
    while axis > 0, leftStrides[axis - 1] == leftStep * length, rightStrides[axis - 1] == rightStep * length {
      axis -= 1
      length *= shape[axis]
    }
    return (length, leftStep, rightStep, Shape(Array(shape.dimensions[..<axis])))
  }
}

extension Shape {
  /// NumPy's rule: extents aligned at the end are equal or 1. Nil where they are not, or the result is too large.
  init?(broadcasting left: Shape, _ right: Shape) {
    let rank = Swift.max(left.rank, right.rank)
    var extents = [Int](repeating: 1, count: rank)
    for axis in 0..<rank {
      let a = axis - (rank - left.rank) < 0 ? 1 : left[axis - (rank - left.rank)]
      let b = axis - (rank - right.rank) < 0 ? 1 : right[axis - (rank - right.rank)]
      guard a == b || a == 1 || b == 1 else { return nil }
      extents[axis] = a == 1 ? b : a
    }
    self.init(checking: extents)
  }

  /// Strides with which an operand of this shape is read over `shape`: 0 along the axes it is repeated on. An axis of
  /// extent 1 in both takes the stride that lets it join its neighbour.
  func broadcastStrides(to shape: Shape) -> [Int] {
    let own = strides
    return (0..<shape.rank).map { axis in
      let position = axis - (shape.rank - rank)
      guard position >= 0 else { return 0 }
      return self[position] == 1 && shape[axis] != 1 ? 0 : own[position]
    }
  }

  /// Calls `body` with the two operands' offsets at every index of this shape, in row-major order.
  /// - Parameter range: of positions in that order; all of them by default.
  @inline(__always)
  func forEachOffset(_ left: [Int], _ right: [Int], _ range: Range<Int>? = nil, _ body: (Int, Int) -> Void) {
    let range = range ?? 0..<count
    guard !range.isEmpty else { return }
    var index = [Int](repeating: 0, count: rank)
    var leftOffset = 0
    var rightOffset = 0
    var position = range.lowerBound
    for axis in stride(from: rank - 1, through: 0, by: -1) where position > 0 {
      index[axis] = position % self[axis]
      position /= self[axis]
      leftOffset += index[axis] * left[axis]
      rightOffset += index[axis] * right[axis]
    }
    for _ in range {
      body(leftOffset, rightOffset)
      var axis = rank - 1
      while axis >= 0 {
        index[axis] += 1
        leftOffset += left[axis]
        rightOffset += right[axis]
        if index[axis] < self[axis] { break }
        leftOffset -= left[axis] * self[axis]
        rightOffset -= right[axis] * self[axis]
        index[axis] = 0
        axis -= 1
      }
    }
  }
}
