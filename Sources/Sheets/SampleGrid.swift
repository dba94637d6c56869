import BenchCore
import Figures
import Images
import Tensor
import Text

/// Images of a task with their labels, and with what models make of them.
package enum SampleGrid {
  /// - Parameters:
  ///   - classNames: of the task.
  ///   - predictions: of each model, a class and its probability an image.
  ///   - columns: images in a row.
  package static func sheet(
    _ images: ChosenImages, task: String, classNames: [String], seed: UInt64,
    predictions: [(model: String, classes: [Int], probabilities: [Double])] = [], columns: Int,
    magnification: Int? = nil, remark: String? = nil
  ) throws(SheetError) -> ImageSheet {
    let shape = images.images.shape.droppingFirst
    guard [1, 3].contains(shape[0]) else { throw .channels(task: task, count: shape[0]) }
    let names = ClassNames(classNames)
    let maps = MapPictures(scaling: .maximum, shape: shape)
    let cells = (0..<images.count).map { index in
      ImageSheet.Cell(
        maps.image(images.images.item(index)),
        [names[images.labels[index]], "no. \(images.positions[index])"]
          + predictions.map { names.verdict($0.classes[index], $0.probabilities[index], images.labels[index]) })
    }
    let rows = stride(from: 0, to: cells.count, by: columns).map { Array(cells[$0..<min($0 + columns, cells.count)]) }
    let models = predictions.map { shownName($0.model) }
    return ImageSheet(
      title: "samples of task \(task)", columns: [],
      rows: rows,
      notes: (["Task \(task), seed \(seed): images with their labels and their places in the evaluation set."]
        + (models.isEmpty
          ? []
          : ["Below them the predictions, with their probabilities, of \(models.joined(separator: "; "))."])
        + (remark.map { ["WARNING: \($0)"] } ?? [])).map(PlainText.printable),
      magnification: magnification ?? ImageSheet.magnification(height: shape[1], width: shape[2]))
  }
}
