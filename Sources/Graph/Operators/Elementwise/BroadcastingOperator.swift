import Tensor

/// A function of two numbers, applied elementwise with NumPy's broadcasting.
package protocol BroadcastingOperator: ScalarOperator {}

extension BroadcastingOperator {
  package var isElementwise: Bool { true }

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(2, inputs)
    guard let shape = Shape(broadcasting: inputs[0], inputs[1]) else {
      throw mismatch(inputs, "the shapes do not broadcast to a common one")
    }
    return shape
  }
}

extension Shape {
  /// NumPy's rule: extents aligned at the end are equal or 1. Nil where they are not, or the result is too large.
  package init?(broadcasting left: Shape, _ right: Shape) {
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
}
