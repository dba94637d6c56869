import BenchCore
import Checkpoints
import Foundation
import Tensor
import Text

/// The task `imagenet64`: ImageNet's images at 64 x 64, as they are published for networks of that size.
enum ImageNet64 {
  static let task = PixelTaskPlugin(
    PixelTask.Definition(
      id: files.name, version: 1, protocolConstants: ImageNet.constants(firstStep: 13), calibration: .none,
      criteria: nil, settings: nil, compared: ImageNet.comparison),
    files: files,
    summary:
      "ImageNet validation images at 64 x 64, in their published batches; gradients compared with the score that --score names",
    dataSource:
      "downsampled ImageNet, 64 x 64 (Imagenet64_val, 0.6 GB), https://www.image-net.org/download-images.php (an account is needed)",
    references: [
      "Chrabaszcz, Loshchilov, Hutter: A Downsampled Variant of ImageNet as an Alternative to the CIFAR datasets, 2017",
      ImageNet.reference,
    ])

  static let files = ImageNetBatches(name: "imagenet64", side: 64)
}

/// Downsampled ImageNet in its published batches: `val_data` and `train_data_batch_1` to `_10`, pickles (read, never executed) or `.npz`, with
/// `data` uint8 [N, 3 * side * side] in planes and `labels` from 1.
///
/// The classes are numbered as in the challenge's development kit, not by sorted names as in torchvision. What is mapped from the files is read
/// image by image, so that no batch is ever copied whole.
struct ImageNetBatches: PixelFiles {
  /// The data set's: a part of its digest.
  var name: String
  var side: Int

  private static let classCount = ImageNetFiles.classCount
  private static let validation = "val_data"
  private static let training = (1...10).map { "train_data_batch_\($0)" }
  /// As the archives unpack.
  private var subfolders: [String] {
    ["val", "train", "train_part1", "train_part2"].flatMap { ["Imagenet\(side)_\($0)", "Imagenet\(side)_\($0)_npz"] }
  }

  var requirement: String { "val_data (a pickle, or val_data.npz), as downsampled ImageNet is published" }
  var imageShape: Shape { [3, side, side] }
  var classNames: [String] { (1...Self.classCount).map(String.init) }

  func load(_ place: URL, threads: Int) throws -> PixelContent {
    // Its file names the folder, too.
    let directory = DatasetFiles.isFolder(place) ? place : place.deletingLastPathComponent()
    let folders = [directory] + subfolders.map(directory.appendingPathComponent)
    guard let file = Self.file(Self.validation, in: folders) else {
      throw DatasetError.missingFile(
        directory: directory.path, expected: [Self.validation, "\(Self.validation).npz"],
        found: DatasetFiles.listing(of: directory))
    }
    let test = try dataset("test", [file])
    return PixelContent(
      validation: test, of: "ImageNet-\(side)", classNames: try classNames(in: folders), in: directory
    ) {
      // Gigabytes each: only who trains looks for them.
      try dataset("train", Self.training.compactMap { Self.file($0, in: folders) })
    }
  }

  private static func file(_ name: String, in folders: [URL]) -> URL? {
    folders.lazy.flatMap { folder in [name, "\(name).npz"].map(folder.appendingPathComponent) }
      .first(where: DatasetFiles.exists)
  }

  private func dataset(_ split: String, _ files: [URL]) throws -> PixelDataset {
    let batches = try files.map(batch)
    return PixelDataset(
      name: name, split: split, imageShape: imageShape, source: BatchPixels(batches.map(\.images)),
      labels: batches.flatMap(\.labels))
  }

  /// - Returns: images `[N, 3 * side * side]`, and classes from 0.
  private func batch(_ url: URL) throws -> (images: StoredTensor, labels: [Int]) {
    let file = url.lastPathComponent
    let (images, numbers) = try Self.content(of: url, file: file)
    guard images.dtype == .uint8, images.shape == [numbers.count, imageShape.count] else {
      throw DatasetError.notABatch(
        file: file,
        reason:
          "has `data` of \(images.dtype.rawValue) \(images.shape), where \(numbers.count) images of \(side) x \(side) would be uint8 "
          + "[\(numbers.count), \(imageShape.count)]")
    }
    guard !numbers.isEmpty else { throw DatasetError.empty(file: file) }
    let labels = try numbers.enumerated().map { index, number in
      guard (1...Int64(Self.classCount)).contains(number) else {
        throw DatasetError.notABatch(
          file: file,
          reason: "has label \(number) at image \(index), where they are numbered from 1 to \(Self.classCount)")
      }
      return Int(number) - 1
    }
    return (images, labels)
  }

  private static func content(of url: URL, file: String) throws -> (images: StoredTensor, labels: [Int64]) {
    let data = try DatasetFiles.read(url)
    if url.pathExtension == "npz" {
      let arrays = try NumPyFile(data, file: file).arrays
      guard let images = arrays["data"], let labels = arrays["labels"] else {
        throw DatasetError.missingArrays(file: file, expected: ["data", "labels"], found: arrays.keys.sorted())
      }
      return (images, try labels.integers())
    }
    guard let batch = try PickledDictionary(data, file: file) else {
      throw DatasetError.notABatch(file: file, reason: "holds no dictionary")
    }
    guard let images = try batch.array("data"), let labels = try batch.integers("labels") else {
      throw DatasetError.notABatch(
        file: file,
        reason:
          "holds \(batch.keys.isEmpty ? "nothing" : batch.keys.prefix(10).joined(separator: ", ")), not `data` and `labels`"
      )
    }
    return (images, labels)
  }

  /// From the published `map_clsloc.txt` (`n02119789 1 kit_fox`), where it lies beside the batches.
  private func classNames(in folders: [URL]) throws -> [String] {
    guard let url = folders.map({ $0.appendingPathComponent("map_clsloc.txt") }).first(where: DatasetFiles.exists)
    else { return classNames }
    var names = [Int: String]()
    for line in String(decoding: try DatasetFiles.read(url), as: UTF8.self).split(whereSeparator: \.isNewline) {
      let words = line.split(separator: " ").map(String.init)
      guard words.count == 3, let number = Int(words[1]), PlainText.problem(in: words[0]) == nil else { continue }
      names[number] = words[0]
    }
    let ordered = (1...Self.classCount).compactMap { names[$0] }
    guard ordered.count == Self.classCount, Set(ordered).count == Self.classCount else {
      throw DatasetError.absurdHeader(
        file: url.lastPathComponent,
        reason:
          "names \(Set(ordered).count) classes, expected \(Self.classCount), one a line: name, number from 1, words")
    }
    return ordered
  }
}

/// Images of several batches, one after the other.
private struct BatchPixels: PixelSource {
  private let batches: [StoredTensor]
  /// The first image of each batch.
  private let starts: [Int]

  /// - Parameter batches: bytes `[N, pixels]`.
  init(_ batches: [StoredTensor]) {
    self.batches = batches
    starts = batches.indices.map { batches[..<$0].reduce(0) { $0 + $1.shape[0] } }
  }

  func copyBytes(of index: Int, to output: UnsafeMutableBufferPointer<UInt8>) throws {
    let batch = (starts.firstIndex { $0 > index } ?? starts.count) - 1
    let start = (index - starts[batch]) * output.count
    try batches[batch].copyBytes(start..<start + output.count, to: output)
  }
}
