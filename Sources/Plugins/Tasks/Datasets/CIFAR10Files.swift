import BenchCore
import Foundation
import Tensor

/// The binary version of CIFAR-10: records of a label byte and 3 x 32 x 32 pixels (planes red, green, blue).
///
/// Any number of whole records per file is accepted, so that a part of the data set works like all of it.
enum CIFAR10Files {
  static let requirement = "data_batch_1.bin to data_batch_5.bin and test_batch.bin (the binary version)"
  static let imageShape: Shape = [3, 32, 32]
  static let defaultClassNames = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
  ]
  private static let trainFiles = (1...5).map { "data_batch_\($0).bin" }
  private static let testFile = "test_batch.bin"

  struct Content {
    let classNames: [String]
    let train: PixelDataset
    let test: PixelDataset
    /// What is not known of the data, in words; nil where they are the published ones.
    let remark: String?
  }

  /// - Throws: `DatasetError`.
  static func load(_ directory: URL) throws(DatasetError) -> Content {
    let folder = try DatasetFiles.directory(
      directory, subfolders: ["cifar-10-batches-bin"], containing: trainFiles + [testFile])
    let train = try load(trainFiles, in: folder, split: "train")
    let test = try load([testFile], in: folder, split: "test")
    return Content(
      classNames: try classNames(in: folder), train: train.images, test: test.images,
      remark: PublishedData.remark("CIFAR-10", unknown: train.unknown + test.unknown, in: directory))
  }

  private static func load(
    _ names: [String], in folder: URL, split: String
  ) throws(DatasetError) -> (images: PixelDataset, unknown: [String]) {
    let size = imageShape.count
    let record = 1 + size
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
    for (name, data) in files {
      let first = labels.count
      for index in 0..<data.count / record {
        let start = data.startIndex + index * record
        let label = data[start]
        guard label < defaultClassNames.count else {
          throw .labelOutOfRange(file: name, index: index, label: Int(label), classes: defaultClassNames.count)
        }
        labels.append(label)
        pixels.append(contentsOf: data[start + 1..<start + record])
      }
      guard let part = PublishedDigests.cifar10[name] else { continue }
      unknown += try PublishedData.check(
        PixelDataset(
          name: "cifar10", split: split, imageShape: imageShape, pixels: Array(pixels[(first * size)...]),
          labels: Array(labels[first...])), as: part, file: name, classNames: defaultClassNames)
    }
    return (
      PixelDataset(name: "cifar10", split: split, imageShape: imageShape, pixels: pixels, labels: labels), unknown
    )
  }

  /// Ten names, one a line, from `batches.meta.txt` where it is there.
  private static func classNames(in folder: URL) throws(DatasetError) -> [String] {
    let file = folder.appendingPathComponent("batches.meta.txt")
    guard FileManager.default.fileExists(atPath: file.path) else { return defaultClassNames }
    let names = String(decoding: try DatasetFiles.read(file), as: UTF8.self)
      .split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    guard names.count == defaultClassNames.count else {
      throw .absurdHeader(
        file: file.lastPathComponent,
        reason: "names \(names.count) classes, expected \(defaultClassNames.count), one a line")
    }
    return names
  }
}
