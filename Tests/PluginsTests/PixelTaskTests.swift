import BenchCore
import Foundation
import Mixtures
import Tensor
import Testing
import _Fixtures
import _TestSupport

@testable import Plugins

/// That a data set is one value: files, constants and calibrations.
@Suite struct PixelTaskTests {
  /// As the binary version of CIFAR-100 is: a coarse and a fine label before each image, one file a split.
  private static let files = RecordFiles(
    name: "fine", title: "Fine", requirement: "train.bin and test.bin", imageShape: [1, 4, 5],
    classNames: ["a", "b", "c"], classNamesFile: "fine_label_names.txt", subfolders: ["fine-binary"],
    trainFiles: ["train.bin"], testFiles: ["test.bin"], labelBytes: 2, labelPlace: 1)

  private static func plugin(settings: MixtureSettings? = nil, criteria: RegimeCriteria? = nil) -> PixelTaskPlugin {
    PixelTaskPlugin(
      PixelTask.Definition(
        id: "fine", version: 1,
        protocolConstants: ProtocolConstants(
          stepSizes: [0.5, 1], wideStep: 1, smallStep: 0.5, scoreNoises: [0.25], alignmentNoises: [0.5],
          decisiveNoise: 0.5, robustnessNoise: 0.01),
        calibration: .none, criteria: criteria, settings: settings),
      files: files, summary: "images with two labels")
  }

  private func folder() throws -> TemporaryDirectory {
    let folder = try TemporaryDirectory()
    for (file, count, seed) in [("train.bin", 90, UInt64(1)), ("test.bin", 12, 2)] {
      let stream = RandomStream(seed: seed, name: file)
      try folder.write(
        (0..<count).flatMap { index -> [UInt8] in
          let label = index % 3
          let pixels = stream.normals(item: index, count: 20).enumerated().map { pixel, normal in
            UInt8(max(0, min(255, 120 + 40 * normal + (pixel % 3 == label ? 60 : 0))))
          }
          // The coarse label is none of the three classes.
          return [77, UInt8(label)] + pixels
        }, file)
    }
    return folder
  }

  private func options(_ folder: TemporaryDirectory) -> TaskOptions {
    TaskOptions(dataDirectory: folder.url, cacheDirectory: nil, threads: 1, progress: SilentProgress())
  }

  @Test func labelsAreThoseThatCount() throws {
    let folder = try folder()
    let content = try Self.files.load(folder.url)
    #expect((content.train.count, content.test.count) == (90, 12) && content.remark == nil)
    #expect(content.test.labels == [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2])
    #expect(content.train.name == "fine" && content.classNames == ["a", "b", "c"])
    try folder.write([77, 3] + [UInt8](repeating: 0, count: 20), "test.bin")
    #expect(throws: DatasetError.labelOutOfRange(file: "test.bin", index: 0, label: 3, classes: 3)) {
      try Self.files.load(folder.url)
    }
    try folder.write([UInt8](repeating: 0, count: 23), "test.bin")
    #expect(throws: DatasetError.notWholeRecords(file: "test.bin", recordBytes: 22, actualBytes: 23)) {
      try Self.files.load(folder.url)
    }
  }

  @Test func namesAreReadFromTheirFile() throws {
    let folder = try folder()
    try folder.write(Array("one\ntwo\nthree\n".utf8), "fine_label_names.txt")
    #expect(try Self.files.load(folder.url).classNames == ["one", "two", "three"])
  }

  @Test("a data set without a mixture is a task of images alone, and conforms")
  func imagesAlone() throws {
    let folder = try folder()
    expectNone(TaskPluginConformance.problems(Self.plugin(), options: options(folder)))
    let task = try Self.plugin().make(options(folder))
    #expect(task.missing == [.manifold, .score, .density, .criteria] && !task.isComparable)
    #expect(task.exactManifold == nil && task.exactScore == nil)
    expectNone(TaskConformance.problems(task, count: 5))
    let training = try #require(try Self.plugin().images(.training, options(folder), count: 7, seed: 0))
    #expect(training.count == 7 && training.name == "fine")
  }

  @Test("with one it has everything but thresholds, which nobody validated")
  func mixture() throws {
    let folder = try folder()
    let settings = MixtureSettings(
      imagesPerComponent: 30, maximumComponents: 1, factors: 3, tangentDimension: 3, priorImages: 10)
    let task = try Self.plugin(settings: settings).make(options(folder))
    #expect(task.missing == [.criteria] && task.missingForRule == [.criteria])
    #expect(task.density?.id == "fine-mixture" && task.quality?.manifoldDimension == 3)
    let criteria = RegimeCriteria(robustRatio: 0.75, specificShare: 0.3, densityAccuracy: 0.9, tells: "weak")
    let judged = try Self.plugin(settings: settings, criteria: criteria).make(options(folder))
    #expect(judged.missing.isEmpty && judged.isComparable)
  }

  @Test("IDX files of another size and name are one value too")
  func idx() throws {
    let files = IDXFiles(
      name: "small", title: "Small", size: (4, 5), classNames: ["a", "b"], prefixes: (train: "train", test: "test"))
    #expect(files.imageShape == [1, 4, 5] && files.requirement.contains("test-images-idx3-ubyte"))
    let folder = try TemporaryDirectory()
    for (split, count) in [("train", 4), ("test", 2)] {
      try folder.write(
        IDXTests.file([UInt32(count), 4, 5], payload: 0) + [UInt8](repeating: 9, count: 20 * count),
        "\(split)-images-idx3-ubyte")
      try folder.write(
        IDXTests.file([UInt32(count)], payload: 0) + (0..<count).map { UInt8($0 % 2) }, "\(split)-labels-idx1-ubyte")
    }
    let content = try files.load(folder.url)
    #expect(content.train.count == 4 && content.test.labels == [0, 1] && content.remark == nil)
    let other = IDXFiles(
      name: "small", title: "Small", size: (5, 4), classNames: ["a", "b"], prefixes: (train: "train", test: "test"))
    #expect(throws: DatasetError.wrongDimensions(file: "train-images-idx3-ubyte", expected: [5, 4], actual: [4, 5])) {
      try other.load(folder.url)
    }
  }
}
