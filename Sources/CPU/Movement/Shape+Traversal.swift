import Tensor

/// Ways through the elements of a shape.
extension Shape {
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

  /// Joins neighbouring axes that `strides` traverse as one, and drops those of extent 1, so that rows are long.
  func joiningAxes(_ strides: [Int]) -> (shape: Shape, strides: [Int]) {
    var extents: [Int] = []
    var steps: [Int] = []
    for axis in 0..<rank where self[axis] != 1 {
      if let last = steps.last, last == strides[axis] * self[axis] {
        extents[extents.count - 1] *= self[axis]
        steps[steps.count - 1] = strides[axis]
      } else {
        extents.append(self[axis])
        steps.append(strides[axis])
      }
    }
    return (Shape(extents), steps)
  }

  /// The numbers of elements along the axes before and behind `axis`.
  func around(_ axis: Int) -> (outer: Int, inner: Int) {
    (dimensions[..<axis].reduce(1, *), dimensions[(axis + 1)...].reduce(1, *))
  }
}
