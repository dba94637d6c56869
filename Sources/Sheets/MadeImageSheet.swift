import BenchCore
import Figures
import Tensor
import Text

/// Images that were made, beside what they were made from.
package struct MadeImageSheet {
  package struct Column {
    package var heading: String
    /// `[N, C, H, W]`.
    package var images: Tensor
    /// Whether they are maps, which have signs.
    package var isSigned: Bool
    /// A list for each image; empty for none.
    package var captions: [[String]]

    package init(_ heading: String, _ images: Tensor, isSigned: Bool = false, captions: [[String]] = []) {
      self.heading = heading
      self.images = images
      self.isSigned = isSigned
      self.captions = captions
    }
  }

  package var title: String
  package var notes: [String]
  package var scaling: SignedScaling
  /// Nil for about an inch.
  package var magnification: Int?

  package init(title: String, notes: [String], scaling: SignedScaling = .maximum, magnification: Int? = nil) {
    self.title = title
    self.notes = notes
    self.scaling = scaling
    self.magnification = magnification
  }

  /// - Throws: `SheetError` where the task's images are no pictures, or there are too many: before any is made.
  package static func check(_ task: any BenchmarkTask, images: Int, columns: Int) throws(SheetError) {
    guard [1, 3].contains(task.imageShape[0]) else { throw .channels(task: task.id, count: task.imageShape[0]) }
    guard images * columns <= PictureSheet.cellLimit else {
      throw .tooManyCells(count: images * columns, limit: PictureSheet.cellLimit)
    }
  }

  package func sheet(_ columns: [Column], on task: any BenchmarkTask) throws(SheetError) -> ImageSheet {
    let count = columns.first?.images.batch ?? 0
    try Self.check(task, images: count, columns: columns.count)
    let maps = MapPictures(scaling: scaling, shape: task.imageShape)
    let rows = (0..<count).map { row in
      columns.map { column in
        let values = column.images.item(row)
        return ImageSheet.Cell(
          column.isSigned ? maps.signed(values) : maps.image(values),
          column.captions.isEmpty ? [] : column.captions[row])
      }
    }
    return ImageSheet(
      title: title, columns: columns.map(\.heading), rows: rows,
      notes: (notes + (columns.contains(where: \.isSigned) ? ["Maps: \(scaling.words)."] : [])
        + (task.dataRemark.map { ["WARNING: \($0)"] } ?? [])).map(PlainText.printable),
      magnification: magnification
        ?? ImageSheet.magnification(height: task.imageShape[1], width: task.imageShape[2]))
  }
}
