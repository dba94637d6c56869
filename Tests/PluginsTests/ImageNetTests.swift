import BenchCore
import Foundation
import Images
import Tensor
import Testing
import _Fixtures

@testable import Plugins

/// The tasks `imagenet` and `imagenet64` on synthetic images in the published layouts.
@Suite struct ImageNetTests {
  private static let classes = (0..<1000).map { String(format: "n%08d", 1_440_764 + 37 * $0) }

  /// A picture whose colour says which one it is, 300 x 260 and the other way round by turns.
  private static func picture(_ number: Int) throws -> Data {
    let (width, height) = number.isMultiple(of: 2) ? (300, 260) : (260, 300)
    let pixel = [UInt8(number % 256), UInt8(number / 256 % 256), 9]
    return try PNG.encode(
      PixelImage(
        width: width, height: height, channels: 3, pixels: (0..<width * height).flatMap { _ in pixel }))
  }

  /// `val` with one image in most classes and two in the last ones: written once, it is linked to where the pictures are equal.
  private static func folder(_ below: String = "val", classes: [String] = classes) throws -> TemporaryDirectory {
    let folder = try TemporaryDirectory()
    let pictures = try (0..<4).map(picture)
    for (label, name) in classes.enumerated() {
      let place = folder.url.appendingPathComponent("\(below)/\(name)")
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      for number in 0..<(label < 990 ? 1 : 2) {
        try pictures[(label + number) % 4].write(
          to: place.appendingPathComponent("ILSVRC2012_val_\(String(format: "%08d", 2 * label + number)).JPEG"))
      }
    }
    return folder
  }

  private static func options(_ folder: URL, threads: Int = 2) -> TaskOptions {
    TaskOptions(dataDirectory: folder, cacheDirectory: nil, threads: threads, progress: SilentProgress())
  }

  @Test func foldersAreReadAsTorchvisionDoes() throws {
    let folder = try Self.folder()
    let task = try ImageNet.task.make(Self.options(folder.url))
    #expect(task.classNames == Self.classes && task.imageShape == [3, 224, 224])
    #expect(task.missing.contains(.score) && task.manifold == nil && task.density == nil)
    #expect(task.scoreComparison == ScoreComparison(shape: [3, 64, 64], ofTrueClass: true))
    #expect(task.dataRemark?.contains("1010 validation images, where 50000 are published") ?? false)
    let set = try task.evaluationImages(count: 40, seed: 1)
    for image in 0..<40 {
      // The first or the second of its class.
      let numbers = [set.labels[image] % 4, (set.labels[image] + 1) % 4]
      let red = Int((set.images.item(image)[set.images.item(image).startIndex] * 255).rounded())
      #expect(numbers.contains(red), "image \(image) of class \(set.labels[image]) has \(red)")
    }
    // Class by class they would all be of the first ones.
    #expect(Set(set.labels).count > 30 && (set.labels.max() ?? 0) > 500)
    // Handed out block by block they are the same, and so is the digest, whatever the threads.
    let stream = try task.evaluationStream(count: 40, seed: 2)
    #expect(try stream.images(7..<11) == set.images[batch: 7..<11] && stream.labels == set.labels)
    for threads in [1, 3] { #expect(try stream.digest(threads: threads) == set.digest) }
    #expect(throws: EvaluationError.notEnoughImages(task: "imagenet", requested: 1011, available: 1010)) {
      try task.evaluationStream(count: 1011, seed: 0)
    }
    // No training images there.
    #expect(throws: DatasetError.self) {
      try ImageNet.task.images(.training, Self.options(folder.url), count: 2, seed: 0)
    }
  }

  @Test(arguments: ["", "ILSVRC/Data/CLS-LOC/val"]) func theFolderItselfOrTheChallengesOwn(_ below: String) throws {
    let folder = try Self.folder(below)
    #expect(try ImageNet.files.load(folder.url).test.count == 1010)
  }

  @Test func whatIsThereInsteadIsSaid() throws {
    func message(_ folder: URL) -> String {
      do {
        _ = try ImageNet.files.load(folder)
        return ""
      } catch {
        return "\(error)"
      }
    }
    let few = try Self.folder(classes: Array(Self.classes.prefix(10)))
    #expect(message(few.url).contains("has folders of 10 classes, expected 1000; a part of the classes"))
    let flat = try TemporaryDirectory()
    try FileManager.default.createDirectory(
      at: flat.url.appendingPathComponent("val"), withIntermediateDirectories: true)
    try flat.write([1], "val/ILSVRC2012_val_00000001.JPEG")
    #expect(message(flat.url).contains("one folder for each class"))
    let other = try TemporaryDirectory()
    try other.write([1], "notes.txt")
    #expect(message(other.url).contains("found none of val/n01440764, but notes.txt"))
  }

  /// A file is only read when its image is asked for; then it is named.
  @Test func aDamagedFileIsNamedWhereItIsMet() throws {
    let folder = try Self.folder()
    let task = try ImageNet.task.make(Self.options(folder.url))
    let labels = try task.evaluationStream(count: 1010, seed: 0).labels
    let name = Self.classes[labels[5]]
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.url.path + "/val/\(name)") {
      try folder.write([0xff, 0xd8, 0xff, 0], "val/\(name)/\(file)")
    }
    let again = try ImageNet.task.make(Self.options(folder.url)).evaluationStream(count: 1010, seed: 0)
    #expect(try again.images(0..<5).batch == 5)
    #expect { _ = try again.images(5..<6) } throws: { "\($0)".hasPrefix("val/\(name)/ILSVRC2012_val_") }
  }

  // MARK: ImageNet-64

  /// Two images: the one class's number in every byte, then the other's.
  private static func batch(_ labels: [Int]) -> [UInt8] {
    PickledBatch(
      pixels: labels.flatMap { [UInt8](repeating: UInt8($0 % 256), count: 12288) }, labels: labels,
      pixelsPerImage: 12288
    ).bytes
  }

  @Test func batchesOfTheDownsampledImages() throws {
    let folder = try TemporaryDirectory()
    try folder.write(Self.batch([1, 1000, 300]), "val_data")
    try FileManager.default.createDirectory(
      at: folder.url.appendingPathComponent("Imagenet64_train_part1"), withIntermediateDirectories: true)
    for number in 1...2 {
      try folder.write(Self.batch([number, 500]), "Imagenet64_train_part1/train_data_batch_\(number)")
    }
    let options = Self.options(folder.url)
    let task = try ImageNet64.task.make(options)
    let set = try task.evaluationImages(count: 3, seed: 0)
    #expect(set.labels == [0, 999, 299] && set.images.shape == [3, 3, 64, 64])
    #expect(set.images.item(1).allSatisfy { $0 == Float(1000 % 256) / 255 })
    #expect(task.classNames.count == 1000 && task.classNames[1] == "2")
    let train = try #require(try task.trainingImages(count: nil, seed: 0))
    #expect(train.labels == [0, 499, 1, 499])
    #expect(try train.images(2..<3).scalars.allSatisfy { $0 == 2.0 / 255 })
    // By its file, too.
    let direct = try ImageNet64.files.load(folder.url.appendingPathComponent("val_data"))
    #expect(direct.test.labels == [0, 999, 299] && direct.remark?.contains("3 validation images") ?? false)
    // With the names that are published beside it.
    let names = (1...1000).map { "n\(String(format: "%08d", 5000 - $0)) \($0) word_\($0)" }
    try folder.write(Array(names.joined(separator: "\n").utf8), "map_clsloc.txt")
    #expect(try ImageNet64.files.load(folder.url).classNames.prefix(2) == ["n00004999", "n00004998"])
    try folder.write(Array(names.dropLast().joined(separator: "\n").utf8), "map_clsloc.txt")
    #expect { _ = try ImageNet64.files.load(folder.url) } throws: { "\($0)".contains("names 999 classes") }
  }

  @Test func otherBatchesAreRefused() throws {
    func message(_ batch: [UInt8]) throws -> String {
      let folder = try TemporaryDirectory()
      try folder.write(batch, "val_data")
      do {
        _ = try ImageNet64.files.load(folder.url)
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(try message(Self.batch([1, 0])).contains("label 0 at image 1, where they are numbered from 1"))
    let small = PickledBatch(pixels: [UInt8](repeating: 0, count: 3072), labels: [1], pixelsPerImage: 3072).bytes
    #expect(try message(small).contains("images of 64 x 64 would be uint8 [1, 12288]"))
    #expect(try message(Array(Self.batch([1]).dropLast(20))).hasPrefix("val_data"))
    let other = PickledBatch(
      pixels: [UInt8](repeating: 0, count: 12288), labels: [1], pixelsPerImage: 12288, labelKey: "fine_labels")
    #expect(try message(other.bytes).contains("not `data` and `labels`"))
  }

  // MARK: Kept or streamed

  @Test func streamedImagesAreThoseInMemory() throws {
    let folder = try TemporaryDirectory()
    for (number, name) in ["a/1.png", "a/2.png", "b/1.png", "b/3.png", "c/0.png"].enumerated() {
      let url = folder.url.appendingPathComponent(name)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Self.picture(number).write(to: url)
    }
    let files = ImageFiles(
      files: try ClassFolders(folder: folder.url, classes: ["a", "b", "c"]).files(),
      fitting: ImageFitting(shape: [3, 20, 24], resize: 30, crop: [20, 24]))
    let order = [3, 0, 4, 2, 1]
    let kept = try files.dataset(name: "x", split: "train", order: order, threads: 2)
    let streamed = try files.dataset(name: "x", split: "train", order: order, keeping: 0, threads: 2)
    #expect(kept.labels == [1, 0, 2, 1, 0] && streamed.labels == kept.labels)
    #expect(try kept.bytes(0..<5) == streamed.bytes(0..<5) && kept.bytes(0..<1).first == 3)
    #expect(try kept.contentDigest() == streamed.contentDigest() && kept.images(1..<3) == streamed.images(1..<3))
    let (some, same) = (kept.choosing([4, 1]), streamed.choosing([4, 1]))
    #expect(try some.contentDigest() == same.contentDigest() && some.labels == [0, 0])
    #expect(try some.prefix(2).images == same.prefix(2).images)
  }
}
