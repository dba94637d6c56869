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
    let (pixels, labels) =
      if let folder = part.folder {
        try ClassFolders(
          folder: Self.place(folder, in: directory), classes: document.classes,
          fitting: ImageFitting(shape: document.imageShape, resize: document.resize, crop: document.crop)
        ).load(threads: threads)
      } else {
        try arrays(part, directory).load(shape: document.imageShape, classes: document.classes.count)
      }
    // Files of a folder come class by class, and an evaluation takes the first images: all are put into an order of their number
    // alone.
    let order = RandomStream(seed: 0, name: "own-data-\(split)").permutation(item: 0, count: labels.count)
    return PixelDataset(
      name: document.id, split: split, imageShape: imageShape, pixels: Self.rearranged(pixels, order, imageShape.count),
      labels: order.map { labels[$0] })
  }

  /// - Parameter path: absolute, or relative to the folder.
  private static func place(_ path: String, in folder: URL) -> URL {
    path.hasPrefix("/") ? URL(fileURLWithPath: path) : folder.appendingPathComponent(path)
  }

  private static func rearranged(_ pixels: [UInt8], _ order: [Int], _ size: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: pixels.count) { output, count in
      pixels.withUnsafeBufferPointer { input in
        for (place, index) in order.enumerated() {
          _ = UnsafeMutableBufferPointer(rebasing: output[(place * size)..<((place + 1) * size)]).initialize(
            from: input[(index * size)..<((index + 1) * size)])
        }
      }
      count = pixels.count
    }
  }

  private func arrays(_ part: TaskDocument.Part, _ directory: URL) throws -> LabelledArrays {
    let url = Self.place(part.file ?? "", in: directory)
    let name = url.lastPathComponent
    return try LabelledArrays(
      NumPyFile(DatasetFiles.read(url), file: name), images: part.images ?? "", labels: part.labels ?? "", file: name)
  }
}
