import BenchCore
import Foundation
import Images
import Tensor
import Testing
import _Fixtures

@testable import Plugins

/// Published data sets as folders of image files.
@Suite struct FolderFormTests {
  private static func write(_ pixels: [UInt8], _ shape: [Int], to url: URL) throws {
    let count = shape[1] * shape[2]
    let interleaved = (0..<count).flatMap { pixel in (0..<shape[0]).map { pixels[$0 * count + pixel] } }
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try PNG.encode(PixelImage(width: shape[2], height: shape[1], channels: shape[0], pixels: interleaved)).write(
      to: url)
  }

  /// As the Python package converts Parquet files: a number in the published order, in its class's folder.
  private static func write(
    _ set: PixelDataset, classNames: [String], to folder: URL, name: (Int) -> String = { String(format: "%08d", $0) }
  ) throws {
    for label in classNames {
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent(label), withIntermediateDirectories: true)
    }
    for index in 0..<set.count {
      try write(
        set.bytes(index..<index + 1), set.imageShape.dimensions,
        to: folder.appendingPathComponent("\(classNames[set.labels[index]])/\(name(index)).png"))
    }
  }

  @Test func filesInTheirOwnOrderAreTheSameData() throws {
    let shape: Shape = [3, 32, 32]
    func set(_ split: String, _ count: Int) -> PixelDataset {
      PixelDataset(
        name: "cifar10", split: split, imageShape: shape,
        pixels: (0..<count * shape.count).map { UInt8(truncatingIfNeeded: $0 / 7 &* 31) },
        labels: (0..<count).map { ($0 * 7) % 10 })
    }
    let (train, test) = (set("train", 30), set("test", 12))
    let folder = try TemporaryDirectory()
    try Self.write(train, classNames: CIFAR10.files.classNames, to: folder.url.appendingPathComponent("train"))
    try Self.write(test, classNames: CIFAR10.files.classNames, to: folder.url.appendingPathComponent("test"))
    let content = try CIFAR10.files.load(folder.url, threads: 2)
    #expect(content.train.labels == train.labels && content.test.labels == test.labels)
    #expect(try content.train.contentDigest() == train.contentDigest())
    #expect(try content.test.contentDigest() == test.contentDigest())
    #expect(content.remark?.contains("too few to be known") ?? false)
  }

  /// Published images are known in this form too.
  @Test(.enabled(if: SharedData.has("cifar10"), "needs the shared data")) func realImagesAreKnown() throws {
    let content = try CIFAR10.files.load(SharedData.directory.appendingPathComponent("cifar10"))
    let folder = try TemporaryDirectory()
    try Self.write(
      content.train.choosing(Array(0..<932)), classNames: content.classNames,
      to: folder.url.appendingPathComponent("train"))
    try Self.write(content.test, classNames: content.classNames, to: folder.url.appendingPathComponent("test"))
    let remark = try #require(try CIFAR10.files.load(folder.url, threads: 2).remark)
    #expect(remark.contains("test images") || remark.contains("data_batch_2"), "\(remark)")
    #expect(!remark.contains("data_batch_1") && !remark.contains("test_batch"), "\(remark)")
  }

  @Test func greyImagesAndMissingClasses() throws {
    let folder = try TemporaryDirectory()
    let set = PixelDataset(
      name: "mnist", split: "train", imageShape: [1, 28, 28], pixels: (0..<20 * 784).map { UInt8($0 % 251) },
      labels: (0..<20).map { $0 % 10 })
    for split in ["train", "test"] {
      try Self.write(set, classNames: MNIST.files.classNames, to: folder.url.appendingPathComponent(split))
    }
    let content = try MNIST.files.load(folder.url)
    #expect(try content.train.contentDigest() == set.contentDigest())
    try FileManager.default.removeItem(at: folder.url.appendingPathComponent("test/7"))
    #expect { _ = try MNIST.files.load(folder.url) } throws: { "\($0)".contains("has no folder of 7") }
  }

  /// What a conversion of one file leaves, and what is named for the folder above.
  @Test func oneSplitIsNoDataSet() throws {
    let folder = try TemporaryDirectory()
    let set = PixelDataset(
      name: "mnist", split: "test", imageShape: [1, 28, 28], pixels: (0..<20 * 784).map { UInt8($0 % 251) },
      labels: (0..<20).map { $0 % 10 })
    let mnist = try #require(BuiltinPlugins.all.tasks.first { $0.id == "mnist" })
    func refusal(_ place: URL) -> String {
      do {
        _ = try mnist.evaluationImages(TaskOptions(dataDirectory: place, threads: 1), count: 1, seed: 0)
        return "none"
      } catch { return "\(error)" }
    }
    let (train, test) = (folder.url.appendingPathComponent("train"), folder.url.appendingPathComponent("test"))
    try Self.write(set, classNames: MNIST.files.classNames, to: test)
    #expect(
      refusal(folder.url).contains(
        "holds the folder `test` with one folder for each class, and no `train`; both are needed"))
    #expect(
      refusal(test).contains(
        "is the folder of one split; pass --data with the folder above it, \(folder.url.path), which"))
    try FileManager.default.moveItem(at: test, to: train)
    #expect(refusal(folder.url).contains("holds the folder `train` with one folder for each class, and no `test`"))
  }

  @Test func parquetFilesAreToldFromNothing() throws {
    let folder = try TemporaryDirectory()
    let url = folder.url.appendingPathComponent("data/train-00000-of-00001.parquet")
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data("PAR1 and so on".utf8).write(to: url)
    let tasks = BuiltinPlugins.all.tasks
    for place in [folder.url, url] {
      for task in tasks where ["cifar10", "mnist", "imagenet"].contains(task.id) {
        #expect {
          _ = try task.evaluationImages(
            TaskOptions(dataDirectory: place, threads: 1), count: 1, seed: 0)
        } throws: {
          // A file holds one split, its folder both.
          "\($0)".contains(
            "python -m pags_bench parquet '\(place == url ? url.deletingLastPathComponent().path : place.path)' --output images`, then pass"
          )
        }
      }
      #expect { _ = try TaskInspection(place, beside: tasks).find() } throws: {
        "\($0)".contains("is a Parquet file")
      }
    }
    // Above folders of one split each.
    let split = folder.url.appendingPathComponent("set/train/0000.parquet")
    try FileManager.default.createDirectory(at: split.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data("PAR1 and so on".utf8).write(to: split)
    for place in [split, split.deletingLastPathComponent(), folder.url.appendingPathComponent("set")] {
      #expect { _ = try TaskInspection(place, beside: tasks).find() } throws: {
        "\($0)".contains("parquet '\(folder.url.path)/set' --output")
      }
    }
    try FileManager.default.removeItem(at: folder.url.appendingPathComponent("set"))
    // A file that is only called so is none.
    try Data("text".utf8).write(to: url)
    #expect { _ = try TaskInspection(folder.url, beside: tasks).find() } throws: { !"\($0)".contains("is a Parquet") }
  }
}
