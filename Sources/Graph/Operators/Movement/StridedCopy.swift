import Tensor

/// Copies between a dense array and a strided one.
enum StridedCopy {
  /// Fills the dense `target` of `shape` from `source` read with `strides`.
  static func gather(
    _ source: UnsafePointer<Float>, strides: [Int], into target: UnsafeMutablePointer<Float>, _ shape: Shape,
    _ kernel: KernelArguments
  ) {
    rows(shape, strides, kernel) { dense, strided, length, step in
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
    _ source: UnsafePointer<Float>, _ shape: Shape, into target: UnsafeMutablePointer<Float>, strides: [Int],
    _ kernel: KernelArguments
  ) {
    rows(shape, strides, kernel) { dense, strided, length, step in
      let from = source + dense
      let to = target + strided
      for index in 0..<length { to[index * step] = from[index] }
    }
  }

  @inline(__always)
  private static func rows(
    _ shape: Shape, _ strides: [Int], _ kernel: KernelArguments, _ body: (Int, Int, Int, Int) -> Void
  ) {
    guard shape.count > 0 else { return }
    let (joined, steps) = shape.joiningAxes(strides)
    let length = joined.dimensions.last ?? 1
    let outer = Shape(Array(joined.dimensions.dropLast()))
    kernel.forEachBlock(of: outer.count, blockSize: KernelArguments.blockSize(work: length)) { range, _ in
      var dense = range.lowerBound * length
      outer.forEachOffset(steps, steps, range) { offset, _ in
        body(dense, offset, length, steps.last ?? 1)
        dense += length
      }
    }
  }
}
