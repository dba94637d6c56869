import Tensor

/// Reductions and movement of elements.
extension Graph {
  /// Sum over `axes`, which keep extent 1.
  package mutating func sum(_ x: Value, axes: [Int]) throws(GraphError) -> Value {
    axes.isEmpty ? x : try apply(Sum(axes: axes.sorted()), [x])
  }

  /// Mean over `axes`, which keep extent 1.
  package mutating func mean(_ x: Value, axes: [Int]) throws(GraphError) -> Value {
    let sum = try sum(x, axes: axes)
    // Every reduced axis has extent 1 now.
    let count = shape(of: sum).count == 0 ? 1 : shape(of: x).count / shape(of: sum).count
    return try multiply(sum, constant(1 / Float(max(1, count))))
  }

  /// Largest value over `axes`, which keep extent 1.
  package mutating func maximum(_ x: Value, axes: [Int]) throws(GraphError) -> Value {
    try apply(Maximum(axes: axes.sorted()), [x])
  }

  package mutating func softmax(_ x: Value) throws(GraphError) -> Value { try apply(Softmax(), [x]) }

  package mutating func logSoftmax(_ x: Value) throws(GraphError) -> Value { try apply(LogSoftmax(), [x]) }

  package mutating func reshape(_ x: Value, to shape: Shape) throws(GraphError) -> Value {
    self.shape(of: x) == shape ? x : try apply(Reshape(shape: shape), [x])
  }

  /// `[N, ...]` to `[N, D]`.
  package mutating func flatten(_ x: Value) throws(GraphError) -> Value {
    let shape = shape(of: x)
    guard shape.rank >= 1 else {
      throw .shape(operation: "flatten", inputs: [shape], reason: "needs at least one axis")
    }
    return try reshape(x, to: [shape[0], shape.droppingFirst.count])
  }

  package mutating func transpose(_ x: Value, _ permutation: [Int]) throws(GraphError) -> Value {
    permutation == Array(0..<shape(of: x).rank) ? x : try apply(Transpose(permutation: permutation), [x])
  }

  package mutating func swapLastAxes(_ x: Value) throws(GraphError) -> Value {
    let rank = shape(of: x).rank
    guard rank >= 2 else {
      throw .shape(operation: Transpose.name, inputs: [shape(of: x)], reason: "needs at least two axes")
    }
    return try transpose(x, Array(0..<rank - 2) + [rank - 1, rank - 2])
  }

  package mutating func broadcast(_ x: Value, to shape: Shape) throws(GraphError) -> Value {
    self.shape(of: x) == shape ? x : try apply(Broadcast(shape: shape), [x])
  }

  /// The transpose of broadcasting: sums `x` down to `shape`. Every reverse rule of a broadcasting operator ends here.
  /// - Precondition: `shape` broadcasts to that of `x`.
  mutating func unbroadcast(_ x: Value, to shape: Shape) throws(GraphError) -> Value {
    let from = self.shape(of: x)
    guard from != shape else { return x }
    let extra = from.rank - shape.rank
    let axes = (0..<from.rank).filter { $0 < extra || (shape[$0 - extra] == 1 && from[$0] != 1) }
    return try reshape(sum(x, axes: axes), to: shape)
  }

  /// `count` elements from `start` along one axis.
  package mutating func slice(_ x: Value, axis: Int, start: Int, count: Int, step: Int = 1) throws(GraphError) -> Value
  {
    let shape = shape(of: x)
    guard axis >= 0, axis < shape.rank else {
      throw .shape(operation: Slice.name, inputs: [shape], reason: "no axis \(axis)")
    }
    var starts = [Int](repeating: 0, count: shape.rank)
    var counts = shape.dimensions
    var steps = [Int](repeating: 1, count: shape.rank)
    (starts[axis], counts[axis], steps[axis]) = (start, count, step)
    return try apply(Slice(starts: starts, counts: counts, steps: steps), [x])
  }

  /// Adds `low` and `high` elements of `value` around every axis.
  package mutating func pad(_ x: Value, low: [Int], high: [Int], value: Float = 0) throws(GraphError) -> Value {
    try apply(Pad(low: low, high: high, interior: low.map { _ in 0 }, value: value), [x])
  }

  package mutating func concatenate(_ parts: [Value], axis: Int) throws(GraphError) -> Value {
    try apply(Concatenate(axis: axis), parts)
  }
}
