import BenchCore
import Foundation
import Tensor

/// Four IDX files with one-channel images and labels, plain or gzipped, as of MNIST and the data sets that take its place; or the same as
/// folders of image files or arrays of a `.npz` file.
struct IDXFiles: PixelFiles {
  /// The data set's, such as `"mnist"`: a part of its digest.
  var name: String
  /// As people call it, and as `OtherDatasets` does.
  var title: String
  /// Height and width.
  var size: (height: Int, width: Int)
  let classNames: [String]
  /// Where the files may lie below the data's folder.
  var subfolders: [String] = []
  /// What the names of the splits' files begin with.
  var prefixes = (train: "train", test: "t10k")
  /// What is known of the published splits; nil for nothing.
  var published: (train: PublishedPart, test: PublishedPart)?

  var requirement: String {
    "the four IDX files \(prefixes.train)-images-idx3-ubyte, \(prefixes.train)-labels-idx1-ubyte, "
      + "\(prefixes.test)-images-idx3-ubyte, \(prefixes.test)-labels-idx1-ubyte (plain or .gz), or a .npz file of them, as Keras has it"
  }
  var imageShape: Shape { [1, size.height, size.width] }

  /// - Throws: `DatasetError`, `CompressionError`, `CheckpointError`, `ImageError`.
  func load(_ place: URL, threads: Int) throws -> PixelContent {
    let directory = DatasetFiles.folder(
      of: place,
      whereFiles: [prefixes.train, prefixes.test].flatMap { prefix in
        names("\(prefix)-images", rank: 3) + names("\(prefix)-labels", rank: 1)
      })
    let parts = (train: published.map { [$0.train] } ?? [], test: published.map { [$0.test] } ?? [])
    if let folders = FolderForm(at: directory, classNames: classNames) {
      return try folders.load(
        name: name, title: title, imageShape: imageShape, classNames: classNames,
        parts: parts, in: directory, threads: threads)
    }
    let folder: URL
    do {
      folder = try DatasetFiles.directory(
        directory, subfolders: subfolders, containing: names("\(prefixes.train)-images", rank: 3))
    } catch {
      guard let arrays = ArrayForm(at: directory, name: name, after: error) else { throw error }
      return try arrays.load(
        name: name, title: title, imageShape: imageShape, classNames: classNames, parts: parts, in: directory)
    }
    let train = try load(folder, prefix: prefixes.train, split: "train", as: published?.train)
    let test = try load(folder, prefix: prefixes.test, split: "test", as: published?.test)
    return PixelContent(
      classNames: classNames, train: train.images, test: test.images,
      remark: PublishedData.remark(title, [train.parts, test.parts], in: directory))
  }

  private func load(
    _ folder: URL, prefix: String, split: String, as part: PublishedPart?
  ) throws -> (images: PixelDataset, parts: PublishedData.Split) {
    let imageFile = try DatasetFiles.locate(names("\(prefix)-images", rank: 3), in: folder)
    let labelFile = try DatasetFiles.locate(names("\(prefix)-labels", rank: 1), in: folder)
    let (imageData, labelData) = (try DatasetFiles.read(imageFile), try DatasetFiles.read(labelFile))
    let images = try IDXFile(imageData, source: imageFile.lastPathComponent, rank: 3)
    let labels = try IDXFile(labelData, source: labelFile.lastPathComponent, rank: 1)
    guard images.extents[1...] == [size.height, size.width] else {
      throw DatasetError.wrongDimensions(
        file: imageFile.lastPathComponent, expected: [size.height, size.width], actual: Array(images.extents[1...]))
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
    if let other = OtherDatasets.name(labels: labels.bytes, files: [labelData, imageData]), other != title {
      throw DatasetError.otherDataset(file: labelFile.path, expected: title, found: other)
    }
    let dataset = PixelDataset(
      name: name, split: split, imageShape: imageShape, pixels: images.bytes,
      labels: labels.bytes.map(Int.init))
    var parts = PublishedData.Split(name: split)
    if let part {
      try parts.add(dataset, as: part, file: labelFile.lastPathComponent, classNames: classNames)
    }
    return (dataset, parts)
  }

  /// The names under which the same file is found: the original, and the one some programs unpack it to.
  private func names(_ stem: String, rank: Int) -> [String] {
    ["\(stem)-idx\(rank)-ubyte", "\(stem)-idx\(rank)-ubyte.gz", "\(stem).idx\(rank)-ubyte"]
  }
}
