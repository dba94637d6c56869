import Tensor

/// Every window of a pooling operator over one plane, clipped to the image; computed once for all planes.
struct PoolingTraversal {
  private let rows: [Span]
  private let columns: [Span]
  private let width: Int
  private let windowCount: Int

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
    width = input[3]
    windowCount = window.height * window.width
  }

  /// Calls `body` with every plane, over the threads of `kernel`.
  @inline(__always)
  func forEachPlane(_ kernel: KernelArguments, of planes: Int, _ body: (Int) -> Void) {
    let work = rows.count * columns.count * windowCount
    kernel.forEachBlock(of: planes, blockSize: KernelArguments.blockSize(work: work)) { range, _ in
      for plane in range { body(plane) }
    }
  }

  /// Calls `body` with every output position of one plane and the window there.
  @inline(__always)
  func forEachWindow(_ body: (_ index: Int, _ window: Window) -> Void) {
    var index = 0
    for row in rows {
      for column in columns {
        body(index, Window(row: row, column: column, width: width))
        index += 1
      }
    }
  }

  /// A window's positions along one axis.
  struct Span {
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

  struct Window {
    fileprivate let row: Span
    fileprivate let column: Span
    fileprivate let width: Int

    /// Positions inside the image.
    var count: Int { row.count * column.count }
    /// Positions inside the padded image.
    var paddedCount: Int { row.paddedCount * column.paddedCount }

    /// Calls `body` with the offset in the plane of each position inside the image, in row-major order.
    @inline(__always)
    func forEach(_ body: (_ offset: Int) -> Void) {
      var line = row.first * width + column.first
      for _ in 0..<row.count {
        var offset = line
        for _ in 0..<column.count {
          body(offset)
          offset += column.step
        }
        line += row.step * width
      }
    }
  }
}
