import BenchCore
import Foundation
import Tensor
import Testing
import _Fixtures

@testable import Plugins

/// Data under the names of published ones that are not those.
@Suite struct PublishedDataTests {
  private static let shape: Shape = [3, 2, 2]

  private static func pixels(_ count: Int) -> [UInt8] {
    RandomStream(seed: 4, name: "published").integers(item: 0, count: count * shape.count, below: 256).map { UInt8($0) }
  }

  private static let labels: [UInt8] = [2, 0, 1, 1, 2, 0, 0, 1]

  /// A data set of 8 images of which 5 are known, and all.
  private static var part: PublishedPart {
    func beginning(_ count: Int) -> PublishedPart.Beginning {
      let labels = Array(labels[..<count])
      return .init(
        count: count, images: PublishedPart.digest(pixels(count)[...]), labels: PublishedPart.digest(labels[...]),
        pattern: PublishedPart.digest(PublishedPart.pattern(of: labels).pattern[...]))
    }
    return PublishedPart(
      dataset: "Made", name: "all", wholeCount: 8, firstLabels: [2, 0, 1], beginnings: [beginning(5), beginning(8)])
  }

  private func finding(_ pixels: [UInt8], _ labels: [UInt8]) -> PublishedPart.Finding {
    Self.part.finding(pixels: pixels, labels: labels, imageShape: Self.shape)
  }

  @Test("the whole and any beginning that is long enough")
  func published() {
    for count in 5...8 {
      #expect(finding(Self.pixels(count), Array(Self.labels[..<count])) == .published)
    }
    guard case .unknown(let few) = finding(Self.pixels(4), Array(Self.labels[..<4])),
      case .unknown(let many) = finding(Self.pixels(9), Self.labels + [0])
    else {
      Issue.record("known by too few images, or with more than are published")
      return
    }
    #expect(few.contains("too few") && many.contains("8 are published"))
  }

  @Test("renamed classes are named, one changed label is not taken for that")
  func labels() {
    let rotated = Self.labels.map { ($0 + 1) % 3 }
    #expect(finding(Self.pixels(8), rotated) == .otherLabels(renamed: [0: 1, 1: 2, 2: 0]))
    var changed = Self.labels
    changed[7] = 0
    #expect(finding(Self.pixels(8), changed) == .otherLabels(renamed: nil))
  }

  @Test("all orders of planes and of pixels are recognised, one changed pixel is not taken for that")
  func channels() {
    let original = Self.pixels(8)
    for arrangement in ChannelArrangement.all(channels: 3) {
      // Laid out so that undoing it gives the original.
      var stored = original
      let marks = (0..<Self.shape.count).map { UInt8($0) }
      let sources = arrangement.undone(marks, imageShape: Self.shape)
      for image in 0..<8 {
        for (place, source) in sources.enumerated() {
          stored[image * Self.shape.count + Int(source)] = original[image * Self.shape.count + place]
        }
      }
      #expect(finding(stored, Self.labels) == .otherChannels(arrangement))
    }
    #expect(ChannelArrangement(order: [2, 1, 0], isInterleaved: false).words == "planes blue, green, red")
    var changed = original
    changed[17] ^= 1
    guard case .unknown = finding(changed, Self.labels) else {
      Issue.record("a changed image is published")
      return
    }
  }

  @Test("Fashion-MNIST under MNIST's names, packed and unpacked", arguments: [false, true])
  func fashion(isPacked: Bool) throws {
    let folder = try TemporaryDirectory()
    let labels: [UInt8] = [9, 0, 0, 3, 0, 2, 7, 2, 5, 5, 0, 9, 5, 5, 7, 9, 1, 0, 6, 4]
    try folder.write(IDXTests.file([20, 28, 28]), "train-images-idx3-ubyte")
    let file = IDXTests.file([20]).prefix(8) + labels
    try folder.write(isPacked ? IDXTests.gzip(Array(file)) : Array(file), "train-labels-idx1-ubyte")
    try folder.write(IDXTests.file([4, 28, 28]), "t10k-images-idx3-ubyte")
    try folder.write(IDXTests.file([4]), "t10k-labels-idx1-ubyte")
    #expect {
      try MNIST.files.load(folder.url)
    } throws: {
      "\($0)".contains("train-labels-idx1-ubyte: belongs to Fashion-MNIST, expected MNIST")
    }
  }

  @Test("data that nobody knows are remarked on, unless their folder says what they are")
  func ownData() throws {
    let folder = try TemporaryDirectory()
    try folder.write(IDXTests.file([12, 28, 28]), "train-images-idx3-ubyte")
    try folder.write(IDXTests.file([12]), "train-labels-idx1-ubyte")
    try folder.write(IDXTests.file([4, 28, 28]), "t10k-images-idx3-ubyte")
    try folder.write(IDXTests.file([4]), "t10k-labels-idx1-ubyte")
    let remark = try MNIST.files.load(folder.url).remark
    #expect(remark?.contains("not known to be MNIST") == true && remark?.contains("too few") == true)
    for text in ["", "  \n", String(repeating: "x", count: 101)] {
      try folder.write(Array(text.utf8), PublishedData.ownDataFile)
      #expect(try MNIST.files.load(folder.url).remark != nil)
    }
    try folder.write(Array("patterns\nof mine\n".utf8), PublishedData.ownDataFile)
    #expect(try MNIST.files.load(folder.url).remark == nil)
    #expect(PublishedData.ownData(in: folder.url) == "patterns")
  }

  @Test(
    "the published records, whole or a part of them, and what was done to them",
    .enabled(if: SharedData.has("cifar10") && SharedData.has("mnist"), "../shared/data is absent"))
  func real() throws {
    let mnist = SharedData.directory.appendingPathComponent("mnist")
    let content = try MNIST.files.load(mnist)
    #expect(content.remark == nil)
    // A part is known, and remarked on: what is fitted to it compares with nothing else.
    var (train, test) = (PublishedData.Split(name: "train"), PublishedData.Split(name: "test"))
    let classNames = MNIST.files.classNames
    try train.add(content.train.first(2500), as: PublishedDigests.mnistTraining, file: "labels", classNames: classNames)
    try test.add(content.test.first(150), as: PublishedDigests.mnistTest, file: "labels", classNames: classNames)
    #expect(train.unknown.isEmpty && test.unknown.isEmpty)
    #expect(
      PublishedData.remark("MNIST", [train, test], in: mnist)
        == "the data are a part of MNIST (2500 of 60000 train images, 150 of 10000 test images)")
    let source = SharedData.directory.appendingPathComponent("cifar10")
    #expect(
      try CIFAR10.files.load(source).remark
        == "the data are a part of CIFAR-10 (4660 of 50000 train images, 600 of 10000 test images)")
    let names = (1...5).map { "data_batch_\($0).bin" } + ["test_batch.bin"]
    func altered(_ file: String, _ change: (inout [UInt8]) -> Void) throws -> TemporaryDirectory {
      let folder = try TemporaryDirectory()
      for name in names {
        var record = [UInt8](try Data(contentsOf: source.appendingPathComponent(name)))
        if name == file { change(&record) }
        try folder.write(record, name)
      }
      return folder
    }
    let rotated = try altered("test_batch.bin") { bytes in
      for index in stride(from: 0, to: bytes.count, by: 3073) { bytes[index] = (bytes[index] + 1) % 10 }
    }
    #expect {
      try CIFAR10.files.load(rotated.url)
    } throws: {
      "\($0)".contains("test_batch.bin: holds the images of CIFAR-10 with other labels")
        && "\($0)".contains("class 9 (truck) is called 0")
    }
    let swapped = try altered("data_batch_3.bin") { bytes in
      for start in stride(from: 0, to: bytes.count, by: 3073) {
        for pixel in 1...1024 { bytes.swapAt(start + pixel, start + 2048 + pixel) }
      }
    }
    #expect {
      try CIFAR10.files.load(swapped.url)
    } throws: {
      "\($0)".contains("data_batch_3.bin: holds the images of CIFAR-10 as planes blue, green, red")
    }
    let shorter = try altered("test_batch.bin") { $0.removeLast(3073 * 50) }
    #expect(try CIFAR10.files.load(shorter.url).remark?.contains("a part of CIFAR-10") == true)
    #expect(try CIFAR10.files.load(shorter.url).remark?.contains("550 of 10000 test images") == true)
    let touched = try altered("data_batch_5.bin") { $0[2000] ^= 1 }
    #expect(try CIFAR10.files.load(touched.url).remark?.contains("data_batch_5.bin: images that are not") == true)
  }
}
