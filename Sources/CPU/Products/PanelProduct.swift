import Kernels

/// A product of two matrices whose right one was brought into panels of 16 columns. Every output is summed in the order of the
/// inner axis, whatever the number of rows: row i has the same bits alone or among thousands.
struct PanelProduct {
  let inner: Int
  let columns: Int

  private var panels: Int { (columns + 15) / 16 }
  /// Columns in whole panels.
  private var pitch: Int { 16 * panels }

  /// Rows that the kernel computes together.
  private static let group = 6

  /// Rows that are best multiplied together: the panels are read anew for every block of them, and 512 KB of the left matrix
  /// stay in the cache meanwhile.
  private var largestBlock: Int { max(1, (1 << 17) / (Self.group * max(1, inner))) * Self.group }

  /// Rows of a block where `rows` are divided among threads.
  func blockRows(of rows: Int, threads: Int) -> Int {
    let share = (rows + threads - 1) / threads
    return max(Self.group, min(largestBlock, (share + Self.group - 1) / Self.group * Self.group))
  }

  /// Floats of the panels.
  var preparedCount: Int { pitch * inner }

  var scratchCount: Int { Self.group * inner + Epilogue.tileCount }

  /// - Parameter right: `[inner, columns]`.
  func prepare(_ right: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>) {
    Self.pack(right, inner: inner, innerStep: columns, columns: columns, columnStep: 1, into: prepared)
  }

  /// Brings a matrix `[inner, columns]`, with so many floats from one element to the next along each axis, into panels
  /// `[(columns + 15) / 16, inner, 16]`, the last one filled up with zeros.
  static func pack(
    _ matrix: UnsafePointer<Float>, inner: Int, innerStep: Int, columns: Int, columnStep: Int,
    into panels: UnsafeMutablePointer<Float>
  ) {
    var line = panels
    for first in stride(from: 0, to: columns, by: 16) {
      let width = min(16, columns - first)
      for k in 0..<inner {
        let source = matrix + k * innerStep + first * columnStep
        if columnStep == 1, width == 16 {
          // Most lines; a call for each would cost more than the copy.
          let numbers = UnsafeRawPointer(source).loadUnaligned(as: SIMD16<Float>.self)
          UnsafeMutableRawPointer(line).storeBytes(of: numbers, as: SIMD16<Float>.self)
        } else {
          for lane in 0..<width { line[lane] = source[lane * columnStep] }
          (line + width).update(repeating: 0, count: 16 - width)
        }
        line += 16
      }
    }
  }

  /// Finished products of the rows `rows` of `left`, `[..., inner]`: those of one block.
  func multiply(
    rows: Range<Int>, _ left: UnsafePointer<Float>, _ prepared: UnsafePointer<Float>, _ epilogue: Epilogue,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let (tile, lastRows) = (scratch, scratch + Epilogue.tileCount)
    let block = left + rows.lowerBound * inner
    let whole = rows.count / Self.group * Self.group
    epilogue.multiply(
      image: rows.lowerBound, start: 0, rows: whole, inner: inner, block, leftStride: inner, panels: prepared,
      tile: tile)
    let rest = rows.count - whole
    guard rest > 0 else { return }
    lastRows.update(from: block + whole * inner, count: rest * inner)
    (lastRows + rest * inner).update(repeating: 0, count: (Self.group - rest) * inner)
    epilogue.multiply(
      image: rows.lowerBound + whole, start: 0, rows: rest, inner: inner, lastRows, leftStride: inner,
      panels: prepared, tile: tile)
  }
}
