import Images

/// Pictures in rows and columns, with what is to be said of each below it.
package struct ImageSheet: Sendable {
  package struct Cell: Sendable, Equatable {
    /// Nil where there is none to show; the captions then stand alone.
    package var picture: PixelImage?
    /// Below it, a line each.
    package var captions: [String]

    package init(_ picture: PixelImage?, _ captions: [String] = []) {
      self.picture = picture
      self.captions = captions
    }

    package static let empty = Cell(nil)
  }

  /// Read by screen readers and shown by browsers.
  package var title: String
  /// Above the columns; as many as the longest row has cells.
  package var columns: [String]
  /// Left of the rows; empty where they need no names.
  package var rowHeadings: [String]
  package var rows: [[Cell]]
  /// Below all: how the pictures are scaled, what the numbers are.
  package var notes: [String]
  /// The side of the square that a pixel becomes, in user units of 1/96 inch.
  package var magnification: Int

  /// - Parameter magnification: at least 1.
  package init(
    title: String, columns: [String], rowHeadings: [String] = [], rows: [[Cell]], notes: [String], magnification: Int
  ) {
    precondition(magnification > 0, "a magnification is at least 1")
    self.title = title
    self.columns = columns
    self.rowHeadings = rowHeadings
    self.rows = rows
    self.notes = notes
    self.magnification = magnification
  }

  /// What the title of every sheet begins with.
  package static let mark = "pags-bench show"

  /// At which a picture is about an inch wide.
  package static func magnification(height: Int, width: Int) -> Int {
    max(1, (80 + max(height, width) / 2) / max(height, width, 1))
  }

  /// Rows as columns.
  package var transposed: ImageSheet {
    let count = rows.map(\.count).max() ?? 0
    var result = self
    result.rows = (0..<count).map { column in rows.map { $0.indices.contains(column) ? $0[column] : .empty } }
    result.columns = rowHeadings.isEmpty ? rows.map { _ in "" } : rowHeadings
    result.rowHeadings = columns
    return result
  }
}
