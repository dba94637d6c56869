import Foundation
import Tensor

/// The MNIST data set: four IDX files, plain or gzipped.
enum MNISTFiles {
  static let requirement =
    "the four IDX files train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, "
    + "t10k-labels-idx1-ubyte (plain or .gz)"
  static let classNames = (0...9).map(String.init)
  static let imageShape: Shape = [1, 28, 28]

  /// - Throws: `DatasetError`, `CompressionError`.
  static func load(_ directory: URL) throws -> (train: PixelDataset, test: PixelDataset) {
    let folder = try DatasetFiles.directory(
      directory, subfolders: ["raw", "MNIST/raw"], containing: names("train-images", rank: 3))
    return (
      try load(folder, prefix: "train", split: "train"),
      try load(folder, prefix: "t10k", split: "test")
    )
  }

  private static func load(_ folder: URL, prefix: String, split: String) throws -> PixelDataset {
    let imageFile = try DatasetFiles.locate(names("\(prefix)-images", rank: 3), in: folder)
    let labelFile = try DatasetFiles.locate(names("\(prefix)-labels", rank: 1), in: folder)
    let images = try IDXFile(DatasetFiles.read(imageFile), source: imageFile.lastPathComponent, rank: 3)
    let labels = try IDXFile(DatasetFiles.read(labelFile), source: labelFile.lastPathComponent, rank: 1)
    guard images.extents[1...] == [28, 28] else {
      throw DatasetError.wrongDimensions(
        file: imageFile.lastPathComponent, expected: [28, 28], actual: Array(images.extents[1...]))
    }
    guard images.extents[0] == labels.extents[0] else {
      throw DatasetError.countMismatch(
        imagesFile: imageFile.lastPathComponent, images: images.extents[0],
        labelsFile: labelFile.lastPathComponent, labels: labels.extents[0])
    }
    if let index = labels.bytes.firstIndex(where: { $0 >= classNames.count }) {
      throw DatasetError.labelOutOfRange(
        file: labelFile.lastPathComponent, index: index, label: Int(labels.bytes[index]), classes: classNames.count)
    }
    return PixelDataset(
      name: "mnist", split: split, imageShape: imageShape, pixels: images.bytes, labels: labels.bytes)
  }

  /// The names under which the same file is found: the original, and the one some programs unpack it to.
  private static func names(_ stem: String, rank: Int) -> [String] {
    ["\(stem)-idx\(rank)-ubyte", "\(stem)-idx\(rank)-ubyte.gz", "\(stem).idx\(rank)-ubyte"]
  }
}
