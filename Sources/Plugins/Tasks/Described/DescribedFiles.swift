import BenchCore
import Checkpoints
import Foundation
import Tensor

/// The splits of a described data set.
struct DescribedFiles: PixelFiles {
  let document: TaskDocument
  let remark: String

  var requirement: String { "the files that its description names" }
  var imageShape: Shape { Shape(document.imageShape) }
  var classNames: [String] { document.classes }

  /// - Parameter directory: what paths are relative to.
  /// - Throws: `DatasetError`, `CheckpointError`, `ImageError`, `CancellationError`.
  func load(_ directory: URL, threads: Int) throws -> PixelContent {
    PixelContent(
      classNames: document.classes, train: try load(document.train, split: "train", directory, threads: threads),
      test: try load(document.test, split: "test", directory, threads: threads), remark: remark)
  }

  private func load(
    _ part: TaskDocument.Part, split: String, _ directory: URL, threads: Int
  ) throws -> PixelDataset {
    if let folder = part.folder {
      let files = ImageFiles(
        files: try ClassFolders(folder: Self.place(folder, in: directory), classes: document.classes).files(),
        fitting: ImageFitting(shape: document.imageShape, resize: document.resize, crop: document.crop))
      return try files.dataset(
        name: document.id, split: split, order: Self.order(files.files.count, of: split), threads: threads)
    }
    let (pixels, labels) = try arrays(part, directory).load(
      shape: document.imageShape, classes: document.classes.count)
    return PixelDataset(name: document.id, split: split, imageShape: imageShape, pixels: pixels, labels: labels)
      .choosing(Self.order(labels.count, of: split))
  }

  /// Files of a folder come class by class, and an evaluation takes the first images: all are put into an order of their number alone.
  static func order(_ count: Int, of split: String) -> [Int] {
    RandomStream(seed: 0, name: "own-data-\(split)").permutation(item: 0, count: count)
  }

  /// - Parameter path: absolute, or relative to the folder.
  private static func place(_ path: String, in folder: URL) -> URL {
    path.hasPrefix("/") ? URL(fileURLWithPath: path) : folder.appendingPathComponent(path)
  }

  private func arrays(_ part: TaskDocument.Part, _ directory: URL) throws -> LabelledArrays {
    let url = Self.place(part.file ?? "", in: directory)
    let name = url.lastPathComponent
    return try LabelledArrays(
      NumPyFile(DatasetFiles.read(url), file: name), images: part.images ?? "", labels: part.labels ?? "", file: name)
  }
}
