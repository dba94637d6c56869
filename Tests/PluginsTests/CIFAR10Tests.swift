import BenchCore
import Foundation
import Mixtures
import Tensor
import Testing
import _Fixtures

@testable import Plugins

@Suite struct CIFAR10Tests {
  private static func records(_ count: Int, label: (Int) -> UInt8 = { UInt8($0 % 10) }) -> [UInt8] {
    (0..<count).flatMap { index in [label(index)] + [UInt8](repeating: UInt8(index), count: 3072) }
  }

  private func folder(below subfolder: String? = nil) throws -> TemporaryDirectory {
    let folder = try TemporaryDirectory()
    if let subfolder {
      try FileManager.default.createDirectory(
        at: folder.url.appendingPathComponent(subfolder), withIntermediateDirectories: true)
    }
    let prefix = subfolder.map { "\($0)/" } ?? ""
    for batch in 1...5 { try folder.write(Self.records(batch), "\(prefix)data_batch_\(batch).bin") }
    try folder.write(Self.records(3), "\(prefix)test_batch.bin")
    return folder
  }

  @Test(
    "batches of any size are read in order, also from the archive's own folder",
    arguments: [nil, "cifar-10-batches-bin"])
  func reads(subfolder: String?) throws {
    let folder = try folder(below: subfolder)
    let content = try CIFAR10.files.load(folder.url)
    #expect((content.train.count, content.test.count) == (15, 3))
    #expect(content.train.labels == [0, 0, 1, 0, 1, 2, 0, 1, 2, 3, 0, 1, 2, 3, 4])
    #expect(content.classNames == CIFAR10.files.classNames)
    let images = try content.test.prefix(3).images
    #expect(images.shape == [3, 3, 32, 32])
    #expect(images.item(2).allSatisfy { $0 == 2 / 255 })
  }

  @Test("parts of records, labels above 9, missing and empty files are refused")
  func hostile() throws {
    let cut = try folder()
    try cut.write(Array(Self.records(2).dropLast()), "data_batch_2.bin")
    #expect(throws: DatasetError.notWholeRecords(file: "data_batch_2.bin", recordBytes: 3073, actualBytes: 6145)) {
      try CIFAR10.files.load(cut.url)
    }
    let label = try folder()
    try label.write(Self.records(4) { $0 == 3 ? 10 : 1 }, "test_batch.bin")
    #expect(throws: DatasetError.labelOutOfRange(file: "test_batch.bin", index: 3, label: 10, classes: 10)) {
      try CIFAR10.files.load(label.url)
    }
    let empty = try folder()
    try empty.write([], "data_batch_4.bin")
    #expect(throws: DatasetError.empty(file: "data_batch_4.bin")) { try CIFAR10.files.load(empty.url) }
    let missing = try folder()
    try FileManager.default.removeItem(at: missing.url.appendingPathComponent("data_batch_5.bin"))
    #expect(throws: DatasetError.self) { try CIFAR10.files.load(missing.url) }
    let names = try folder()
    try names.write(Array("cat\ndog\n".utf8), "batches.meta.txt")
    #expect(throws: DatasetError.self) { try CIFAR10.files.load(names.url) }
  }

  @Test("the digest changes with a single pixel")
  func digest() throws {
    let folder = try folder()
    let train = try CIFAR10.files.load(folder.url).train
    var pixels = try train.bytes(0..<train.count)
    pixels[100] ^= 1
    let other = PixelDataset(
      name: train.name, split: train.split, imageShape: train.imageShape, pixels: pixels, labels: train.labels)
    #expect(try train.contentDigest().count == 64)
    #expect(try train.contentDigest() != other.contentDigest())
  }

  @Test(
    "the task on a part of the real data set",
    .enabled(if: SharedData.has("cifar10"), "../shared/data is absent"))
  func real() throws {
    let content = try CIFAR10.files.load(SharedData.directory.appendingPathComponent("cifar10"))
    #expect((content.train.count, content.test.count) == (4660, 600))
    let definition = PixelTask.Definition(
      id: "cifar10", version: 1,
      protocolConstants: ProtocolConstants(
        stepSizes: [1, 2], wideStep: 2, smallStep: 1, scoreNoises: [0.25], alignmentNoises: [1], decisiveNoise: 1,
        robustnessNoise: 0.01),
      calibration: .none,
      criteria: RegimeCriteria(robustRatio: 0.75, specificShare: 0.28, densityAccuracy: 0.9, tells: "a part"),
      settings: MixtureSettings(
        imagesPerComponent: 450, maximumComponents: 4, factors: 20, tangentDimension: 15, priorImages: 200))
    let task = try PixelTask(
      definition,
      PixelContent(
        classNames: content.classNames, train: content.train.first(800), test: content.test.first(100), remark: nil),
      options: TaskOptions(dataDirectory: nil, cacheDirectory: nil, threads: 2, progress: SilentProgress()))
    let quality = try #require(task.quality)
    #expect(quality.manifoldDimension == 15)
    #expect(quality.accuracy > 0.15)
    #expect((quality.heldOutLogLikelihood ?? 0) > 1000)
    let images = try task.evaluationImages(count: 20, seed: 7)
    #expect(Array(images.labels[..<5]) == [3, 8, 8, 0, 6])
    #expect(throws: EvaluationError.notEnoughImages(task: "cifar10", requested: 101, available: 100)) {
      try task.evaluationImages(count: 101, seed: 0)
    }
    // Matrix-vector products of real size: still the same bits alone and among others.
    let (density, manifold) = (try #require(task.density), try #require(task.manifold))
    let whole = try density.classScores(at: images.images, noise: 0.25)
    let alone = try density.classScores(at: images.images[batch: 6..<7], noise: 0.25)
    #expect(alone.scores == whole.scores[batch: 6..<7])
    let basis = try manifold.tangentBasis(at: images.images)
    #expect(
      try manifold.tangentBasis(at: images.images[batch: 6..<7]).bases == [basis.bases[basis.assignment[6]]])
  }
}
