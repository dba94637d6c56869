import BenchCore
import Foundation
import Tensor

/// Files of records: label bytes, one of which counts, and the pixels in planes (red, green, blue), as in the binary versions of
/// the CIFAR data sets.
///
/// Any number of whole records per file is accepted, so that a part of the data set works like all of it.
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
  var trainFiles: [String]
  var testFiles: [String]
  /// Bytes before the pixels of a record, and the place of the one that is the label.
  var labelBytes = 1
  var labelPlace = 0
  /// What is known of the published files, by name.
  var published: [String: PublishedPart] = [:]

  /// - Throws: `DatasetError`.
  func load(_ directory: URL) throws -> PixelContent {
    let folder = try DatasetFiles.directory(
      directory, subfolders: subfolders, containing: trainFiles + testFiles)
    let train = try load(trainFiles, in: folder, split: "train")
    let test = try load(testFiles, in: folder, split: "test")
    return PixelContent(
      classNames: try classNames(in: folder), train: train.images, test: test.images,
      remark: PublishedData.remark(title, unknown: train.unknown + test.unknown, in: directory))
  }

  private func load(
    _ names: [String], in folder: URL, split: String
  ) throws(DatasetError) -> (images: PixelDataset, unknown: [String]) {
    let size = imageShape.count
    let record = labelBytes + size
    var files: [(name: String, data: Data)] = []
    for name in names {
      let data = try DatasetFiles.read(DatasetFiles.locate([name], in: folder))
      guard !data.isEmpty else { throw .empty(file: name) }
      guard data.count.isMultiple(of: record) else {
        throw .notWholeRecords(file: name, recordBytes: record, actualBytes: data.count)
      }
      files.append((name, data))
    }
    let total = files.reduce(0) { $0 + $1.data.count / record }
    var pixels: [UInt8] = []
    var labels: [UInt8] = []
    pixels.reserveCapacity(total * size)
    labels.reserveCapacity(total)
    var unknown: [String] = []
    for (file, data) in files {
      let first = labels.count
      for index in 0..<data.count / record {
        let start = data.startIndex + index * record
        let label = data[start + labelPlace]
        guard label < classNames.count else {
          throw .labelOutOfRange(file: file, index: index, label: Int(label), classes: classNames.count)
        }
        labels.append(label)
        pixels.append(contentsOf: data[start + labelBytes..<start + record])
      }
      guard let part = published[file] else { continue }
      unknown += try PublishedData.check(
        PixelDataset(
          name: name, split: split, imageShape: imageShape, pixels: Array(pixels[(first * size)...]),
          labels: Array(labels[first...])), as: part, file: file, classNames: classNames)
    }
    return (
      PixelDataset(name: name, split: split, imageShape: imageShape, pixels: pixels, labels: labels), unknown
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
