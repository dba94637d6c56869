import Tensor

/// Copies between a dense array and a strided one.
enum StridedCopy {
  /// Fills the dense `target` of `shape` from `source` read with `strides`.
  static func gather(
    _ source: UnsafePointer<Float>, strides: [Int], into target: UnsafeMutablePointer<Float>, _ shape: Shape
  ) {
    rows(shape, strides) { dense, strided, length, step in
      let from = source + strided
      let to = target + dense
      if step == 1 {
        to.update(from: from, count: length)
      } else {
        for index in 0..<length { to[index] = from[index * step] }
      }
    }
  }

  /// Writes the dense `source` of `shape` to `target` with `strides`.
  static func scatter(
    _ source: UnsafePointer<Float>, _ shape: Shape, into target: UnsafeMutablePointer<Float>, strides: [Int]
  ) {
    rows(shape, strides) { dense, strided, length, step in
      let from = source + dense
      let to = target + strided
      for index in 0..<length { to[index * step] = from[index] }
    }
  }

  @inline(__always)
  private static func rows(_ shape: Shape, _ strides: [Int], _ body: (Int, Int, Int, Int) -> Void) {
    guard shape.count > 0 else { return }
    let (joined, steps) = shape.joiningAxes(strides)
    let length = joined.dimensions.last ?? 1
    let outer = Shape(Array(joined.dimensions.dropLast()))
    var dense = 0
    outer.forEachOffset(steps, steps) { offset, _ in
      body(dense, offset, length, steps.last ?? 1)
      dense += length
    }
  }
}
