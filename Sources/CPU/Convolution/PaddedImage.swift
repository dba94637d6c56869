/// How one image lies in scratch memory for a kernel that reads it at shifted positions: every channel padded with zeros,
/// its rows one after another, and for strides split into phases, each of which holds every n-th row and column.
struct PaddedImage {
  let height: Int
  let width: Int
  /// Where the image's origin is in the padded one; negative where rows or columns are cut off.
  let top: Int
  let left: Int
  /// Rows and columns of one phase.
  let rows: Int
  let pitch: Int
  let phaseRows: Int
  let phaseColumns: Int
  /// Phases that a tap reads; the others are left out. Nil: all.
  var readRows: Set<Int>?
  var readColumns: Set<Int>?

  var phaseCount: Int { rows * pitch }
  var channelCount: Int { phaseRows * phaseColumns * phaseCount }

  /// Where the padded image's element at `row`, `column` is in a channel.
  func offset(row: Int, column: Int) -> Int {
    (row % phaseRows * phaseColumns + column % phaseColumns) * phaseCount + row / phaseRows * pitch
      + column / phaseColumns
  }

  /// Writes the inside of one channel; the padding around it must be zero already.
  func copy(_ plane: UnsafePointer<Float>, into channel: UnsafeMutablePointer<Float>) {
    for phaseRow in 0..<phaseRows where readRows?.contains(phaseRow) ?? true {
      for phaseColumn in 0..<phaseColumns where readColumns?.contains(phaseColumn) ?? true {
        let phase = channel + (phaseRow * phaseColumns + phaseColumn) * phaseCount
        let (firstRow, lastRow) = inside(phaseRow, phaseRows, rows, top, height)
        let (first, last) = inside(phaseColumn, phaseColumns, pitch, left, width)
        guard first < last else { continue }
        for row in firstRow..<max(firstRow, lastRow) {
          let source = plane + (row * phaseRows + phaseRow - top) * width + phaseColumn - left
          let target = phase + row * pitch
          if phaseColumns == 1 {
            (target + first).update(from: source + first, count: last - first)
          } else {
            for column in first..<last { target[column] = source[column * phaseColumns] }
          }
        }
      }
    }
  }

  /// The indices of a phase that hold elements of the image.
  private func inside(_ phase: Int, _ step: Int, _ count: Int, _ origin: Int, _ extent: Int) -> (Int, Int) {
    func index(_ element: Int) -> Int { element <= phase ? 0 : (element - phase + step - 1) / step }
    return (min(count, index(origin)), min(count, index(origin + extent)))
  }
}
