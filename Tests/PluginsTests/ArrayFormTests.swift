import BenchCore
import Foundation
import Tensor
import Testing
import _Fixtures

@testable import Checkpoints
@testable import Plugins

/// Published data sets as arrays of a `.npz` file.
@Suite struct ArrayFormTests {
  /// A `.npy` file of bytes.
  private static func array(_ shape: [Int], _ bytes: [UInt8]) -> Data {
    let sizes = shape.map { "\($0)," }.joined(separator: " ")
    let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (\(sizes)), }\n"
    return Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + bytes)
  }

  private static func write(_ arrays: [(String, Data)], to url: URL) throws {
    var writer = ZipWriter(file: url.lastPathComponent, capacity: 0)
    for (name, data) in arrays { try writer.add("\(name).npy", data) }
    try writer.finished().write(to: url)
  }

  private static func set(_ name: String, _ split: String, _ count: Int, _ shape: Shape) -> PixelDataset {
    PixelDataset(
      name: name, split: split, imageShape: shape,
      pixels: (0..<count * shape.count).map { UInt8(truncatingIfNeeded: $0 / 7 &* 31) },
      labels: (0..<count).map { ($0 * 7) % 10 })
  }

  /// As Keras keeps `mnist.npz`.
  private static func writeMNIST(_ train: PixelDataset, _ test: PixelDataset, to url: URL) throws {
    func arrays(_ set: PixelDataset) throws -> [(String, Data)] {
      [
        ("x_\(set.split)", array([set.count, 28, 28], try set.bytes(0..<set.count))),
        ("y_\(set.split)", array([set.count], set.labels.map { UInt8($0) })),
      ]
    }
    try write(arrays(test) + arrays(train), to: url)
  }

  @Test func kerasFileOfMNISTIsTheSameDataByFileAndByFolder() throws {
    let folder = try TemporaryDirectory()
    let (train, test) = (Self.set("mnist", "train", 30, [1, 28, 28]), Self.set("mnist", "test", 12, [1, 28, 28]))
    try Self.writeMNIST(train, test, to: folder.url.appendingPathComponent("mnist.npz"))
    // That of another data set beside it is not in question.
    try folder.write([1, 2, 3], "other.npz")
    for place in [folder.url, folder.url.appendingPathComponent("mnist.npz")] {
      let content = try MNIST.files.load(place)
      #expect(content.train.labels == train.labels && content.test.labels == test.labels)
      #expect(try content.train.contentDigest() == train.contentDigest())
      #expect(try content.test.contentDigest() == test.contentDigest())
      #expect(content.remark?.contains("too few to be known") ?? false)
    }
    // Whoever has given the data a name has done so for the file, too.
    try folder.write(Array("stripes\n".utf8), PublishedData.ownDataFile)
    #expect(try MNIST.files.load(folder.url.appendingPathComponent("mnist.npz")).remark == nil)
  }

  @Test func channelsOfCIFARMayComeLastAndLabelsInAColumn() throws {
    let folder = try TemporaryDirectory()
    let shape: Shape = [3, 32, 32]
    let (train, test) = (Self.set("cifar10", "train", 12, shape), Self.set("cifar10", "test", 11, shape))
    func interleaved(_ set: PixelDataset) throws -> [UInt8] {
      try (0..<set.count).flatMap { index -> [UInt8] in
        let planes = try set.bytes(index..<index + 1)
        return (0..<1024).flatMap { pixel in (0..<3).map { planes[$0 * 1024 + pixel] } }
      }
    }
    func arrays(_ set: PixelDataset) throws -> [(String, Data)] {
      [
        ("x_\(set.split)", Self.array([set.count, 32, 32, 3], try interleaved(set))),
        ("y_\(set.split)", Self.array([set.count, 1], set.labels.map { UInt8($0) })),
      ]
    }
    // The only one of a folder, whatever it is called.
    try Self.write(arrays(train) + arrays(test), to: folder.url.appendingPathComponent("saved.NPZ"))
    for files in [CIFAR10.files, CIFAR100.files] {
      let content = try files.load(folder.url)
      #expect(content.train.labels == train.labels && content.test.labels == test.labels)
      #expect(try content.train.bytes(0..<12) == train.bytes(0..<12))
      #expect(try content.test.bytes(0..<11) == test.bytes(0..<11))
    }
    #expect { _ = try MNIST.files.load(folder.url) } throws: { "\($0)".contains("images are [3, 32, 32], expected [1") }
  }

  @Test func whatIsNoDataSetIsRefused() throws {
    let folder = try TemporaryDirectory()
    let file = folder.url.appendingPathComponent("mnist.npz")
    func message(_ place: URL) -> String {
      do {
        _ = try MNIST.files.load(place)
        return ""
      } catch { return "\(error)" }
    }
    try folder.write([1, 2, 3], "mnist.npz")
    #expect(message(file).hasPrefix("mnist.npz: "))
    try Self.write([("x", Self.array([1, 28, 28], [UInt8](repeating: 0, count: 784)))], to: file)
    #expect(message(file).contains("has no arrays x_train and y_train, but x"))
    // Fashion-MNIST under MNIST's name, by its first labels.
    let fashion = [9, 0, 0, 3, 0, 2, 7, 2, 5, 5, 0, 9, 5, 5, 7, 9, 1, 0, 6, 4]
    let train = PixelDataset(
      name: "mnist", split: "train", imageShape: [1, 28, 28], pixels: [UInt8](repeating: 1, count: 20 * 784),
      labels: fashion)
    try Self.writeMNIST(train, Self.set("mnist", "test", 12, [1, 28, 28]), to: file)
    #expect(message(file).contains("belongs to Fashion-MNIST, expected MNIST"))
    // Two files, neither of which has the data set's name, are none.
    try FileManager.default.moveItem(at: file, to: folder.url.appendingPathComponent("a.npz"))
    try folder.write([1], "b.npz")
    #expect(message(folder.url).contains("but a.npz, b.npz"))
    // The data set's own files go first, damaged ones too.
    try folder.write([0, 0, 8, 3], "train-images-idx3-ubyte")
    try FileManager.default.removeItem(at: folder.url.appendingPathComponent("b.npz"))
    #expect(!message(folder.url).isEmpty)
  }

  @Test func oneOfTheFilesNamesTheirFolder() throws {
    let folder = try TemporaryDirectory()
    try folder.write(IDXTests.file([12, 28, 28]), "train-images-idx3-ubyte")
    try folder.write(IDXTests.file([12]), "train-labels-idx1-ubyte")
    try folder.write(IDXTests.file([4, 28, 28]), "t10k-images-idx3-ubyte")
    try folder.write(IDXTests.file([4]), "t10k-labels-idx1-ubyte")
    let content = try MNIST.files.load(folder.url.appendingPathComponent("t10k-images-idx3-ubyte"))
    #expect((content.train.count, content.test.count) == (12, 4))
    let record = [UInt8](repeating: 3, count: 3073)
    for name in CIFAR10.files.trainFiles + CIFAR10.files.testFiles { try folder.write(record, name) }
    #expect(try CIFAR10.files.load(folder.url.appendingPathComponent("test_batch.bin")).train.count == 5)
  }
}
