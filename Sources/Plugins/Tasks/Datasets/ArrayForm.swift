import BenchCore
import Checkpoints
import Foundation
import Tensor

/// A published data set as arrays of one `.npz` file: Keras's `mnist.npz`, or images that somebody saved once they were read.
///
/// In the published order they are the images of every other form, with the same digest.
struct ArrayForm {
  private let file: URL

  /// The file itself, or that of a folder: the one that has the data set's name, else the only one.
  /// - Parameters:
  ///   - name: the data set's, such as `"mnist"`.
  ///   - error: why the data set's own files were not found. Files that are there and damaged have no replacement.
  /// - Returns: nil where there is none.
  init?(at place: URL, name: String, after error: DatasetError) {
    if DatasetFiles.exists(place) {
      guard Self.isArchive(place.lastPathComponent) else { return nil }
      file = place
      return
    }
    guard case .missingFile = error else { return nil }
    let names = DatasetFiles.names(in: place).filter(Self.isArchive)
    guard let chosen = names.contains("\(name).npz") ? "\(name).npz" : names.count == 1 ? names[0] : nil else {
      return nil
    }
    file = place.appendingPathComponent(chosen)
  }

  private static func isArchive(_ name: String) -> Bool { name.lowercased().hasSuffix(".npz") }

  /// - Parameters: as of `FolderForm.load`.
  /// - Throws: `DatasetError`, `CheckpointError`.
  func load(
    name: String, title: String, imageShape: Shape, classNames: [String],
    parts: (train: [PublishedPart], test: [PublishedPart]), in place: URL
  ) throws -> PixelContent {
    let arrays = try NumPyFile(DatasetFiles.read(file), file: file.lastPathComponent)
    let found = try TaskInspection.parts(of: arrays, file: file.lastPathComponent)
    func split(
      _ split: String, _ part: TaskDocument.Part, _ published: [PublishedPart]
    ) throws -> (images: PixelDataset, published: PublishedData.Split) {
      let (pixels, labels) = try LabelledArrays(
        arrays, images: part.images ?? "", labels: part.labels ?? "", file: file.lastPathComponent
      ).load(shape: imageShape.dimensions, classes: classNames.count)
      let images = PixelDataset(name: name, split: split, imageShape: imageShape, pixels: pixels, labels: labels)
      return (
        images,
        try PublishedData.Split(
          name: split, of: images, title: title, parts: published, file: file.path, classNames: classNames)
      )
    }
    let (train, test) = (
      try split("train", found.train, parts.train), try split("test", found.test, parts.test)
    )
    return PixelContent(
      classNames: classNames, train: train.images, test: test.images,
      remark: PublishedData.remark(title, [train.published, test.published], in: place))
  }
}
