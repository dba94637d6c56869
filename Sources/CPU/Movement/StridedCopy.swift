import Kernels
import Tensor

/// Copies between a dense array and a strided one.
enum StridedCopy {
  /// Fills the output, in its layout, from `source` read with `strides`, one for each axis of the output's shape.
  static func gather(_ source: UnsafePointer<Float>, strides: [Int], _ arguments: KernelArguments) {
    let order = arguments.layouts.output.axes(rank: arguments.outputShape.rank)
    let (shape, strides) = (Shape(order.map { arguments.outputShape[$0] }), order.map { strides[$0] })
    let target = arguments.output
    let (joined, steps) = shape.joiningAxes(strides)
    if joined.rank >= 2, joined.count > 0, steps[joined.rank - 2] == 1, steps[joined.rank - 1] > 1 {
      return transposePlanes(source, joined, steps, into: target, arguments)
    }
    rows(shape, strides, arguments) { dense, strided, length, step in
      let from = source + strided
      let to = target + dense
      if step == 1 {
        to.update(from: from, count: length)
      } else {
        for index in 0..<length { to[index] = from[index * step] }
      }
    }
  }

  /// Where the last two axes are exchanged: by tiles, so that every cache line that is met is used as a whole.
  private static func transposePlanes(
    _ source: UnsafePointer<Float>, _ shape: Shape, _ steps: [Int], into target: UnsafeMutablePointer<Float>,
    _ arguments: KernelArguments
  ) {
    let (vectors, tile) = (VectorKernels(), 16)
    let (rows, columns) = (shape[shape.rank - 2], shape[shape.rank - 1])
    let step = steps[shape.rank - 1]
    let outer = Shape(Array(shape.dimensions.dropLast(2)))
    let outerStrides = outer.strides
    let bands = (rows + tile - 1) / tile
    arguments.forEachBlock(of: outer.count * bands, blockSize: KernelArguments.blockSize(work: tile * columns)) {
      range, _ in
      for band in range {
        let plane = band / bands
        var offset = 0
        for axis in 0..<outer.rank { offset += plane / outerStrides[axis] % outer[axis] * steps[axis] }
        let first = band % bands * tile
        let last = min(rows, first + tile)
        let from = source + offset
        let to = target + plane * rows * columns
        vectors.transpose(
          rows: columns, columns: last - first, source: from + first, sourceStride: step, output: to + first * columns,
          outputStride: columns)
      }
    }
  }

  /// Writes the dense `source` of `shape` to `target` with `strides`.
  static func scatter(
    _ source: UnsafePointer<Float>, _ shape: Shape, into target: UnsafeMutablePointer<Float>, strides: [Int],
    _ arguments: KernelArguments
  ) {
    rows(shape, strides, arguments) { dense, strided, length, step in
      let from = source + dense
      let to = target + strided
      if step == 1 {
        to.update(from: from, count: length)
      } else {
        for index in 0..<length { to[index * step] = from[index] }
      }
    }
  }

  @inline(__always)
  private static func rows(
    _ shape: Shape, _ strides: [Int], _ arguments: KernelArguments, _ body: (Int, Int, Int, Int) -> Void
  ) {
    guard shape.count > 0 else { return }
    let (joined, steps) = shape.joiningAxes(strides)
    let length = joined.dimensions.last ?? 1
    let outer = Shape(Array(joined.dimensions.dropLast()))
    arguments.forEachBlock(of: outer.count, blockSize: KernelArguments.blockSize(work: length)) { range, _ in
      var dense = range.lowerBound * length
      outer.forEachOffset(steps, steps, range) { offset, _ in
        body(dense, offset, length, steps.last ?? 1)
        dense += length
      }
    }
  }
}
