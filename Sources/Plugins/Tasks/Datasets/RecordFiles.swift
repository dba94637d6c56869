import BenchCore
import Foundation
import Tensor

/// Files of records: labels, one of which counts, and the pixels in planes (red, green, blue), as of the CIFAR data sets in their binary and
/// their Python version (`RecordBatches`); or the same as folders of image files or arrays of a `.npz` file.
///
/// Any number of records per file is accepted, so that a part of the data set works like all of it.
struct RecordFiles: PixelFiles {
  /// The data set's, such as `"cifar10"`: a part of its digest.
  var name: String
  /// As people call it.
  var title: String
  let requirement: String
  let imageShape: Shape
  let classNames: [String]
  /// A file with as many names, one a line, which may be there; nil for none.
  var classNamesFile: String?
  /// Where the files may lie below the data's folder.
  var subfolders: [String] = []
  /// Names of the archives that the files are published in.
  var archives: [String] = []
  /// By their names in the binary version.
  var trainFiles: [String]
  var testFiles: [String]
  /// Bytes before the pixels of a record, and the place of the one that is the label.
  var labelBytes = 1
  var labelPlace = 0
  /// The key of the label in the Python version.
  var labelKey = "labels"
  /// What is known of the published files, by name in the binary version.
  var published: [String: PublishedPart] = [:]

  /// - Throws: `DatasetError`, `CompressionError`, `CheckpointError`, `ImageError`.
  func load(_ place: URL, threads: Int) throws -> PixelContent {
    let parts = (train: trainFiles.compactMap { published[$0] }, test: testFiles.compactMap { published[$0] })
    if let folders = FolderForm(at: place, classNames: classNames) {
      return try folders.load(
        name: name, title: title, imageShape: imageShape, classNames: classNames, parts: parts, in: place,
        threads: threads)
    }
    let batches: RecordBatches
    do {
      batches = try RecordBatches(of: self, at: place)
    } catch let error as DatasetError {
      guard let arrays = ArrayForm(at: place, name: name, after: error) else { throw error }
      return try arrays.load(
        name: name, title: title, imageShape: imageShape, classNames: classNames, parts: parts, in: place)
    }
    let train = try load(trainFiles, of: batches, split: "train")
    let test = try load(testFiles, of: batches, split: "test")
    return PixelContent(
      classNames: try batches.folder.map { try classNames(in: $0) } ?? classNames, train: train.images,
      test: test.images, remark: PublishedData.remark(title, [train.parts, test.parts], in: place))
  }

  private func load(
    _ names: [String], of batches: RecordBatches, split: String
  ) throws -> (images: PixelDataset, parts: PublishedData.Split) {
    var (pixels, labels): ([UInt8], [Int]) = ([], [])
    var parts = PublishedData.Split(name: split)
    for name in names {
      let batch = try batches.read(name)
      pixels += batch.pixels
      labels += batch.labels
      guard let part = published[name] else { continue }
      try parts.add(
        PixelDataset(
          name: self.name, split: split, imageShape: imageShape, pixels: batch.pixels, labels: batch.labels),
        as: part, file: batch.file, classNames: classNames)
    }
    return (
      PixelDataset(name: name, split: split, imageShape: imageShape, pixels: pixels, labels: labels), parts
    )
  }

  /// The names, one a line, from their file where it is there.
  private func classNames(in folder: URL) throws(DatasetError) -> [String] {
    guard let classNamesFile else { return classNames }
    let file = folder.appendingPathComponent(classNamesFile)
    guard FileManager.default.fileExists(atPath: file.path) else { return classNames }
    let names = String(decoding: try DatasetFiles.read(file), as: UTF8.self)
      .split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    guard names.count == classNames.count else {
      throw .absurdHeader(
        file: file.lastPathComponent,
        reason: "names \(names.count) classes, expected \(classNames.count), one a line")
    }
    return names
  }
}
