import Kernels

/// A product of two matrices whose right one was brought into panels of 16 columns. Every output is summed in the order of the
/// inner axis, whatever the number of rows: row i has the same bits alone or among thousands.
struct PanelProduct {
  let inner: Int
  let columns: Int
  private let vectors = VectorKernels()

  private var panels: Int { (columns + 15) / 16 }
  /// Columns in whole panels.
  private var pitch: Int { 16 * panels }

  /// Rows that the kernel computes together.
  private static let group = 6

  /// Whether the products are made in scratch memory, because the last panel is wider than what is left of the output's rows.
  private var copiesProducts: Bool { pitch != columns }

  /// Rows that are best multiplied together: the panels are read anew for every block of them, and 512 KB of the left matrix,
  /// or of products in scratch memory, stay in the cache meanwhile.
  private var largestBlock: Int {
    let widest = max(1, inner, copiesProducts ? pitch : 0)
    return max(1, (1 << 17) / (Self.group * widest)) * Self.group
  }

  /// Rows of a block where `rows` are divided among threads.
  func blockRows(of rows: Int, threads: Int) -> Int {
    let share = (rows + threads - 1) / threads
    return max(Self.group, min(largestBlock, (share + Self.group - 1) / Self.group * Self.group))
  }

  /// Floats of the panels.
  var preparedCount: Int { pitch * inner }

  var scratchCount: Int { Self.group * inner + (copiesProducts ? largestBlock : Self.group) * pitch }

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
        if columnStep == 1 {
          line.update(from: source, count: width)
        } else {
          for lane in 0..<width { line[lane] = source[lane * columnStep] }
        }
        (line + width).update(repeating: 0, count: 16 - width)
        line += 16
      }
    }
  }

  /// - Parameters:
  ///   - rows: of one block.
  ///   - left: `[rows, inner]`.
  ///   - output: `[rows, columns]`.
  func multiply(
    rows: Int, _ left: UnsafePointer<Float>, _ prepared: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let (lastRows, products) = (scratch, scratch + Self.group * inner)
    let whole = rows / Self.group * Self.group
    if copiesProducts {
      run(whole, left, prepared, into: products)
      copy(whole, products, to: output)
    } else {
      run(whole, left, prepared, into: output)
    }
    guard whole < rows else { return }
    lastRows.update(from: left + whole * inner, count: (rows - whole) * inner)
    (lastRows + (rows - whole) * inner).update(repeating: 0, count: (Self.group - rows + whole) * inner)
    run(Self.group, lastRows, prepared, into: products)
    copy(rows - whole, products, to: output + whole * columns)
  }

  private func run(
    _ rows: Int, _ left: UnsafePointer<Float>, _ prepared: UnsafePointer<Float>,
    into output: UnsafeMutablePointer<Float>
  ) {
    vectors.rowsTimesPanels(
      rows: rows, inner: inner, panels: panels, left: left, leftStride: inner, right: prepared, output: output,
      outputStride: pitch)
  }

  private func copy(_ rows: Int, _ products: UnsafePointer<Float>, to output: UnsafeMutablePointer<Float>) {
    for row in 0..<rows { (output + row * columns).update(from: products + row * pitch, count: columns) }
  }
}
