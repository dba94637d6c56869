import BenchCore
import Foundation
import Tensor

/// The MNIST data set: four IDX files, plain or gzipped.
enum MNISTFiles {
  static let requirement =
    "the four IDX files train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, "
    + "t10k-labels-idx1-ubyte (plain or .gz)"
  static let classNames = (0...9).map(String.init)
  static let imageShape: Shape = [1, 28, 28]

  struct Content {
    let train: PixelDataset
    let test: PixelDataset
    /// What is not known of the data, in words; nil where they are the published ones.
    let remark: String?
  }

  /// - Throws: `DatasetError`, `CompressionError`.
  static func load(_ directory: URL) throws -> Content {
    let folder = try DatasetFiles.directory(
      directory, subfolders: ["raw", "MNIST/raw"], containing: names("train-images", rank: 3))
    let train = try load(folder, prefix: "train", split: "train", as: PublishedDigests.mnistTraining)
    let test = try load(folder, prefix: "t10k", split: "test", as: PublishedDigests.mnistTest)
    return Content(
      train: train.images, test: test.images,
      remark: PublishedData.remark("MNIST", unknown: train.unknown + test.unknown, in: directory))
  }

  private static func load(
    _ folder: URL, prefix: String, split: String, as part: PublishedPart
  ) throws -> (images: PixelDataset, unknown: [String]) {
    let imageFile = try DatasetFiles.locate(names("\(prefix)-images", rank: 3), in: folder)
    let labelFile = try DatasetFiles.locate(names("\(prefix)-labels", rank: 1), in: folder)
    let (imageData, labelData) = (try DatasetFiles.read(imageFile), try DatasetFiles.read(labelFile))
    let images = try IDXFile(imageData, source: imageFile.lastPathComponent, rank: 3)
    let labels = try IDXFile(labelData, source: labelFile.lastPathComponent, rank: 1)
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
    if let other = OtherDatasets.name(labels: labels.bytes, files: [labelData, imageData]) {
      throw DatasetError.otherDataset(file: labelFile.path, expected: "MNIST", found: other)
    }
    let dataset = PixelDataset(
      name: "mnist", split: split, imageShape: imageShape, pixels: images.bytes, labels: labels.bytes)
    return (
      dataset,
      try PublishedData.check(dataset, as: part, file: labelFile.lastPathComponent, classNames: classNames)
    )
  }

  /// The names under which the same file is found: the original, and the one some programs unpack it to.
  private static func names(_ stem: String, rank: Int) -> [String] {
    ["\(stem)-idx\(rank)-ubyte", "\(stem)-idx\(rank)-ubyte.gz", "\(stem).idx\(rank)-ubyte"]
  }
}
