import BenchCore
import Foundation
import Mixtures
import Tensor
import Testing
import _Fixtures

@testable import Plugins

@Suite struct MNISTTests {
  private func folder(images: UInt32 = 12, labels: UInt32 = 12, side: UInt32 = 28) throws -> TemporaryDirectory {
    let folder = try TemporaryDirectory()
    try folder.write(IDXTests.file([images, side, side]), "train-images-idx3-ubyte")
    try folder.write(IDXTests.gzip(IDXTests.file([labels])), "train-labels-idx1-ubyte.gz")
    try folder.write(IDXTests.file([4, 28, 28]), "t10k-images.idx3-ubyte")
    try folder.write(IDXTests.file([4]), "t10k-labels-idx1-ubyte")
    return folder
  }

  @Test("the four files are found under their usual names")
  func reads() throws {
    let folder = try folder()
    let content = try MNIST.files.load(folder.url)
    let (train, test) = (content.train, content.test)
    #expect((train.count, test.count) == (12, 4))
    #expect(train.labels == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1])
    let images = try test.prefix(2)
    #expect(images.images.shape == [2, 1, 28, 28])
    #expect(images.images.scalars[9] == Float(9) / 255)
    #expect(images.labels == [0, 1])
  }

  @Test("counts, dimensions and labels that do not fit are refused")
  func hostile() throws {
    let counts = try folder(labels: 11)
    #expect(
      throws: DatasetError.countMismatch(
        imagesFile: "train-images-idx3-ubyte", images: 12, labelsFile: "train-labels-idx1-ubyte.gz", labels: 11)
    ) { try MNIST.files.load(counts.url) }
    let side = try folder(side: 27)
    #expect(
      throws: DatasetError.wrongDimensions(file: "train-images-idx3-ubyte", expected: [28, 28], actual: [27, 27])
    ) { try MNIST.files.load(side.url) }
    let label = try folder()
    try label.write(
      IDXTests.file([12], payload: 0) + [UInt8](repeating: 3, count: 11) + [10], "train-labels-idx1-ubyte")
    #expect(
      throws: DatasetError.labelOutOfRange(file: "train-labels-idx1-ubyte", index: 11, label: 10, classes: 10)
    ) { try MNIST.files.load(label.url) }
    let missing = try folder()
    try FileManager.default.removeItem(at: missing.url.appendingPathComponent("t10k-labels-idx1-ubyte"))
    #expect(throws: DatasetError.self) { try MNIST.files.load(missing.url) }
    #expect(throws: DatasetError.notADirectory(path: "/nonexistent")) {
      try MNIST.files.load(URL(fileURLWithPath: "/nonexistent"))
    }
  }

  @Test("the task asks for its data")
  func needsData() {
    do {
      _ = try MNIST.task.make(
        TaskOptions(dataDirectory: nil, cacheDirectory: nil, threads: 1, progress: SilentProgress()))
      Issue.record("made without data")
    } catch { #expect("\(error)".contains("--data")) }
  }

  @Test(
    "the real data set, and a small mixture of it", .enabled(if: SharedData.has("mnist"), "../shared/data is absent"))
  func real() throws {
    let content = try MNIST.files.load(SharedData.directory.appendingPathComponent("mnist"))
    let (train, test) = (content.train, content.test)
    #expect((train.count, test.count) == (60000, 10000))
    #expect(Array(test.labels[..<8]) == [7, 2, 1, 0, 4, 1, 4, 9])
    let fit = try MixtureFit(
      train: train.first(2000), test: test.first(500), classNames: MNIST.files.classNames,
      settings: MixtureSettings(
        imagesPerComponent: 100, maximumComponents: 2, factors: 15, tangentDimension: 10, priorImages: 100),
      threads: 2, progress: SilentProgress()
    ).fitted()
    #expect(fit.accuracy > 0.88)
  }
}

extension PixelDataset {
  /// The first `count` images as a data set.
  func first(_ count: Int) -> PixelDataset { choosing(Array(0..<count)) }
}
