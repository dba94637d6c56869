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
    rows(shape, strides, arguments) { rows in
      copy(
        rows, from: source + rows.strided, pitch: rows.pitch, step: rows.step, to: target + rows.dense,
        pitch: rows.length, step: 1)
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
    rows(shape, strides, arguments) { rows in
      copy(
        rows, from: source + rows.dense, pitch: rows.length, step: 1, to: target + rows.strided, pitch: rows.pitch,
        step: rows.step)
    }
  }

  /// - Parameters:
  ///   - pitch, step: of one side, from a row to the next and from a number to the next.
  @inline(__always)
  private static func copy(
    _ rows: Rows, from source: UnsafePointer<Float>, pitch sourcePitch: Int, step sourceStep: Int,
    to target: UnsafeMutablePointer<Float>, pitch targetPitch: Int, step targetStep: Int
  ) {
    var (from, to) = (source, target)
    for _ in 0..<rows.count {
      if sourceStep == 1 && targetStep == 1 {
        copy(from, to: to, count: rows.length)
      } else {
        for index in 0..<rows.length { to[index * targetStep] = from[index * sourceStep] }
      }
      from += sourcePitch
      to += targetPitch
    }
  }

  /// The channels of a pixel are fewer than a call is worth.
  @inline(__always)
  private static func copy(_ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, count: Int) {
    guard count <= 64, count % 8 == 0 else { return target.update(from: source, count: count) }
    let (from, to) = (UnsafeRawPointer(source), UnsafeMutableRawPointer(target))
    for byte in stride(from: 0, to: 4 * count, by: 32) {
      to.storeBytes(
        of: from.loadUnaligned(fromByteOffset: byte, as: SIMD8<Float>.self), toByteOffset: byte, as: SIMD8<Float>.self)
    }
  }

  /// Rows that are equally far apart in the strided array, and follow each other in the dense one.
  private struct Rows {
    let count: Int
    /// Where the first begins.
    let dense: Int
    let strided: Int
    /// From one row of the strided array to the next.
    let pitch: Int
    let length: Int
    /// From one number of a row of the strided array to the next.
    let step: Int
  }

  @inline(__always)
  private static func rows(
    _ shape: Shape, _ strides: [Int], _ arguments: KernelArguments, _ body: (Rows) -> Void
  ) {
    guard shape.count > 0 else { return }
    let (joined, steps) = shape.joiningAxes(strides)
    let rank = joined.rank
    let length = joined.dimensions.last ?? 1
    let (lines, pitch) = rank > 1 ? (joined[rank - 2], steps[rank - 2]) : (1, 0)
    let outer = Shape(Array(joined.dimensions.dropLast(2)))
    let outerStrides = outer.strides
    arguments.forEachBlock(of: outer.count * lines, blockSize: KernelArguments.blockSize(work: length)) { range, _ in
      var row = range.lowerBound
      while row < range.upperBound {
        let (plane, line) = row.quotientAndRemainder(dividingBy: lines)
        var offset = line * pitch
        for axis in 0..<outer.rank { offset += plane / outerStrides[axis] % outer[axis] * steps[axis] }
        let count = min(lines - line, range.upperBound - row)
        body(
          Rows(
            count: count, dense: row * length, strided: offset, pitch: pitch, length: length, step: steps.last ?? 1))
        row += count
      }
    }
  }
}
