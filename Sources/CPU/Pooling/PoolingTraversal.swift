import Graph
import Tensor

/// Every window of a pooling operator over one plane, clipped to the image; computed once for all planes. Goes by rows of
/// outputs, whose numbers under the same tap of the window are equally far apart.
struct PoolingTraversal {
  /// Of each output row.
  private let rows: [Span]
  /// Of each output column.
  private let columns: [Span]
  private let taps: [Tap]
  private let inputWidth: Int
  /// Columns of the image between neighbouring outputs.
  let step: Int
  private let windowCount: Int

  /// A column of the window: the outputs for which it is inside the image, and where it is for the first of them.
  private struct Tap {
    let outputs: Range<Int>
    let column: Int
  }

  /// - Parameters: input `[N, C, H, W]` and its pooled shape.
  init(_ window: PoolingWindow, input: Shape, output: Shape) {
    let geometry = window.geometry
    rows = (0..<output[2]).map {
      Span(
        start: $0 * geometry.strideHeight - geometry.top, size: window.height, step: geometry.dilationHeight,
        extent: input[2], padding: geometry.bottom)
    }
    columns = (0..<output[3]).map {
      Span(
        start: $0 * geometry.strideWidth - geometry.left, size: window.width, step: geometry.dilationWidth,
        extent: input[3], padding: geometry.right)
    }
    step = geometry.strideWidth
    inputWidth = input[3]
    windowCount = window.height * window.width
    taps = (0..<window.width).compactMap { tap in
      let offset = tap * geometry.dilationWidth - geometry.left
      let outputs = geometry.outputs(inside: input[3], offset: offset, outputWidth: output[3])
      return outputs.isEmpty
        ? nil : Tap(outputs: outputs, column: outputs.lowerBound * geometry.strideWidth + offset)
    }
  }

  var outputHeight: Int { rows.count }
  var outputWidth: Int { columns.count }

  /// Calls `body` with every plane, over the threads of `arguments`, and with its scratch memory.
  @inline(__always)
  func forEachPlane(
    _ arguments: KernelArguments, of planes: Int, _ body: (_ plane: Int, _ scratch: UnsafeMutablePointer<Float>) -> Void
  ) {
    let work = rows.count * columns.count * windowCount
    arguments.forEachBlock(of: planes, blockSize: KernelArguments.blockSize(work: work)) { range, scratch in
      for plane in range { body(plane, scratch) }
    }
  }

  /// Calls `body` with each tap of the windows of an output row, in row-major order: the outputs whose windows have it inside
  /// the image, and where in the plane it is for the first of them; for the others `step` further each.
  /// - Parameter lastColumnFirst: the other way in each row of the window, so that what is added to a position comes in the
  ///   order of the outputs.
  @inline(__always)
  func forEachTap(
    ofRow row: Int, lastColumnFirst: Bool = false, _ body: (_ outputs: Range<Int>, _ position: Int) -> Void
  ) {
    var line = rows[row].first * inputWidth
    for _ in 0..<rows[row].count {
      for index in taps.indices {
        let tap = taps[lastColumnFirst ? taps.count - 1 - index : index]
        body(tap.outputs, line + tap.column)
      }
      line += rows[row].step * inputWidth
    }
  }

  /// Calls `body` with every image, over the threads of `arguments`, and with its scratch memory.
  @inline(__always)
  func forEachImage(
    _ arguments: KernelArguments, of input: Shape,
    _ body: (_ image: Int, _ scratch: UnsafeMutablePointer<Float>) -> Void
  ) {
    let work = input[1] * rows.count * columns.count * windowCount / 8
    arguments.forEachBlock(of: input[0], blockSize: KernelArguments.blockSize(work: work)) { range, scratch in
      for image in range { body(image, scratch) }
    }
  }

  /// Calls `body` with each position of a window inside the image, in row-major order.
  @inline(__always)
  func forEachPosition(row: Int, column: Int, _ body: (_ position: Int) -> Void) {
    let (row, column) = (rows[row], columns[column])
    for y in 0..<row.count {
      for x in 0..<column.count {
        body((row.first + y * row.step) * inputWidth + column.first + x * column.step)
      }
    }
  }

  /// Positions of a window inside the image, and inside the padded image.
  func counts(row: Int, column: Int) -> (inside: Int, padded: Int) {
    let (row, column) = (rows[row], columns[column])
    return (row.count * column.count, row.paddedCount * column.paddedCount)
  }

  /// A window's positions along one axis.
  private struct Span {
    /// The first inside the image.
    let first: Int
    /// How many are inside the image.
    let count: Int
    /// How many are inside the padded image, which a window that only `ceil` admits may leave.
    let paddedCount: Int
    let step: Int

    init(start: Int, size: Int, step: Int, extent: Int, padding: Int) {
      func positions(below limit: Int) -> Int { start >= limit ? 0 : min(size, (limit - start + step - 1) / step) }
      let skipped = positions(below: 0)
      first = start + skipped * step
      count = positions(below: extent) - skipped
      paddedCount = positions(below: extent + padding)
      self.step = step
    }
  }
}
