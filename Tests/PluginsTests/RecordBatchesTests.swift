import BenchCore
import Foundation
import Testing
import _Fixtures

@testable import Plugins

/// CIFAR's data in the forms it is published in.
@Suite struct RecordBatchesTests {
  private static let names = (1...5).map { "data_batch_\($0)" } + ["test_batch"]

  /// Of a batch: as many images as its place says, each of one grey level.
  private static func images(_ place: Int) -> (pixels: [UInt8], labels: [Int]) {
    let labels = (0...place).map { ($0 + place) % 10 }
    return (labels.indices.flatMap { [UInt8](repeating: UInt8(200 + $0), count: 3072) }, labels)
  }

  private static func binary(_ place: Int) -> [UInt8] {
    let (pixels, labels) = images(place)
    return labels.indices.flatMap { [UInt8(labels[$0])] + pixels[$0 * 3072..<($0 + 1) * 3072] }
  }

  private static func pickled(_ place: Int) -> [UInt8] {
    let (pixels, labels) = images(place)
    // Half as Python 2 wrote them, half as Python 3 writes them again.
    return PickledBatch(pixels: pixels, labels: labels, hasEncodedKeys: place.isMultiple(of: 2)).bytes
  }

  /// One block of a tar archive's header, and the content.
  private static func tar(_ name: String, _ content: [UInt8], size: Int? = nil, type: Character = "0") -> [UInt8] {
    func octal(_ number: Int, _ width: Int) -> [UInt8] {
      let digits = String(number, radix: 8)
      return Array((String(repeating: "0", count: width - 1 - digits.count) + digits).utf8) + [0]
    }
    func field(_ text: String, _ width: Int) -> [UInt8] {
      Array(text.utf8) + [UInt8](repeating: 0, count: width - text.utf8.count)
    }
    var header = field(name, 100) + octal(0o644, 8) + octal(0, 8) + octal(0, 8) + octal(size ?? content.count, 12)
    header += octal(0, 12) + field("        ", 8) + field(String(type), 1) + field("", 100) + field("ustar  ", 8)
    header += [UInt8](repeating: 0, count: 512 - header.count)
    header.replaceSubrange(148..<156, with: octal(header.reduce(0) { $0 + Int($1) }, 7) + [32])
    return header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }

  private static func archive(_ suffix: String, _ batch: (Int) -> [UInt8]) -> [UInt8] {
    let folder = tar("cifar-10-batches/", [], type: "5")
    let files = names.indices.flatMap { tar("cifar-10-batches/\(names[$0])\(suffix)", batch($0)) }
    return folder + files + [UInt8](repeating: 0, count: 1024)
  }

  /// More than `IDXTests.gzip` has in its one stored block.
  private static func gzip(_ bytes: [UInt8]) -> [UInt8] {
    stride(from: 0, to: bytes.count, by: 60000).flatMap {
      IDXTests.gzip(Array(bytes[$0..<min($0 + 60000, bytes.count)]))
    }
  }

  private func content(_ write: (TemporaryDirectory) throws -> String) throws -> PixelContent {
    let folder = try TemporaryDirectory()
    let place = try write(folder)
    return try CIFAR10.files.load(folder.url.appendingPathComponent(place))
  }

  @Test("binary and Python version, unpacked or not, by folder, parent or archive, are the same data")
  func forms() throws {
    let binary = try content { folder in
      for (place, name) in Self.names.enumerated() { try folder.write(Self.binary(place), "\(name).bin") }
      return ""
    }
    #expect(binary.train.labels == [0, 1, 2, 2, 3, 4, 3, 4, 5, 6, 4, 5, 6, 7, 8])
    #expect(binary.test.labels == [5, 6, 7, 8, 9, 0])
    for subfolder in ["", "cifar-10-batches-py/"] {
      let pickled = try content { folder in
        try FileManager.default.createDirectory(
          at: folder.url.appendingPathComponent(subfolder), withIntermediateDirectories: true)
        for (place, name) in Self.names.enumerated() { try folder.write(Self.pickled(place), subfolder + name) }
        return ""
      }
      #expect(try pickled.train.contentDigest() == binary.train.contentDigest())
      #expect(try pickled.test.contentDigest() == binary.test.contentDigest())
    }
    for (suffix, batch) in [(".bin", Self.binary), ("", Self.pickled)] {
      for name in ["cifar-10-python.tar.gz", "cifar-10-binary.tar.gz"] {
        for place in ["", name] {
          let archived = try content { folder in
            try folder.write(Self.gzip(Self.archive(suffix, batch)), name)
            return place
          }
          #expect(try archived.train.contentDigest() == binary.train.contentDigest())
          #expect(try archived.test.contentDigest() == binary.test.contentDigest())
        }
      }
    }
  }

  @Test("CIFAR-100 has two label bytes, of which the fine one counts, in all forms too")
  func cifar100() throws {
    func images(_ split: String) -> (pixels: [UInt8], fine: [Int]) {
      let fine = split == "train" ? [0, 99, 42] : [7, 99]
      return (fine.flatMap { [UInt8](repeating: UInt8($0 + 100), count: 3072) }, fine)
    }
    func binary(_ split: String) -> [UInt8] {
      let (pixels, fine) = images(split)
      return fine.indices.flatMap { [19, UInt8(fine[$0])] + pixels[$0 * 3072..<($0 + 1) * 3072] }
    }
    func pickled(_ split: String) -> [UInt8] {
      let (pixels, fine) = images(split)
      return PickledBatch(pixels: pixels, labels: fine, labelKey: "fine_labels").bytes
    }
    let splits = ["train", "test"]
    func load(_ write: (TemporaryDirectory) throws -> Void) throws -> PixelContent {
      let folder = try TemporaryDirectory()
      try write(folder)
      return try CIFAR100.files.load(folder.url)
    }
    let expected = try load { folder in for split in splits { try folder.write(binary(split), "\(split).bin") } }
    #expect(expected.classNames.count == 100 && expected.classNames[99] == "worm")
    #expect(expected.train.labels == [0, 99, 42] && expected.test.labels == [7, 99])
    #expect(try expected.test.bytes(0..<1).allSatisfy { $0 == 107 })
    for (suffix, batch) in [(".bin", binary), ("", pickled)] {
      let archive =
        splits.flatMap { Self.tar("cifar-100/\($0)\(suffix)", batch($0)) } + [UInt8](repeating: 0, count: 1024)
      let archived = try load { try $0.write(Self.gzip(archive), "cifar-100-python.tar.gz") }
      #expect(try archived.train.contentDigest() == expected.train.contentDigest())
      #expect(try archived.test.contentDigest() == expected.test.contentDigest())
    }
    let unpacked = try load { folder in
      let place = folder.url.appendingPathComponent("cifar-100-python")
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      // A folder called `train` is no file of that name.
      try FileManager.default.createDirectory(
        at: folder.url.appendingPathComponent("train"), withIntermediateDirectories: true)
      for split in splits { try folder.write(pickled(split), "cifar-100-python/\(split)") }
    }
    #expect(try unpacked.train.contentDigest() == expected.train.contentDigest())
    #expect(try unpacked.test.contentDigest() == expected.test.contentDigest())
    // The coarse labels are not taken for fine ones.
    #expect {
      _ = try load { folder in
        for split in splits {
          let (pixels, fine) = images(split)
          try folder.write(PickledBatch(pixels: pixels, labels: fine, labelKey: "coarse_labels").bytes, split)
        }
      }
    } throws: { "\($0)".contains("not `data` and `fine_labels`") }
  }

  /// The message that `load` refuses `place` with.
  private func refusal(_ write: (TemporaryDirectory) throws -> String) -> String {
    do {
      _ = try content(write)
      return ""
    } catch { return "\(error)" }
  }

  @Test("what is in a folder instead is named")
  func namesWhatIsThere() throws {
    let message = refusal { folder in
      for name in ["train.parquet", "a", "b", "c", "d", "e", "f", ".hidden"] { try folder.write([1], name) }
      return ""
    }
    #expect(message.contains("but a, b, c, d, e, f, 1 more;"))
    #expect(message.contains("data_batch_1.bin, data_batch_1, cifar-10-binary.tar.gz, cifar-10-python.tar.gz"))
    let file = refusal { folder in
      try folder.write([1, 2, 3], "train.parquet")
      return "train.parquet"
    }
    #expect(file.contains("train.parquet: is no .tar.gz archive"))
    #expect(refusal { _ in "absent" }.contains("not a directory"))
  }

  @Test("pickles of something else, and of the wrong size, type or label")
  func wrongPickles() throws {
    func refusal(_ bytes: [UInt8]) -> String {
      self.refusal { folder in
        for (place, name) in Self.names.enumerated() { try folder.write(Self.pickled(place), name) }
        try folder.write(bytes, "data_batch_3")
        return ""
      }
    }
    let pixels = [UInt8](repeating: 7, count: 2 * 3072)
    #expect(refusal([0x80, 2] + Array("].".utf8)).hasPrefix("data_batch_3: holds no dictionary"))
    #expect(refusal([0x80, 2] + Array("}.".utf8)).contains("holds nothing, not `data` and `labels`"))
    #expect(
      refusal(PickledBatch(pixels: pixels, labels: [1, 2], labelKey: "fine_labels").bytes)
        .contains("holds batch_label, data, fine_labels, not `data` and `labels`"))
    #expect(refusal(PickledBatch(pixels: pixels, labels: [1]).bytes).contains("shape [2, 3072], for 1 labels"))
    #expect(
      refusal(PickledBatch(pixels: pixels, labels: [1, 2, 3, 4], pixelsPerImage: 1536).bytes)
        .contains("shape [4, 1536], for 4 labels"))
    #expect(refusal(PickledBatch(pixels: pixels, labels: [1, 2], elementType: "i1").bytes).contains("expected uint8"))
    for label in [-1, 10, Int(Int32.max)] {
      #expect(
        refusal(PickledBatch(pixels: pixels, labels: [1, label]).bytes)
          .contains("data_batch_3: image 1 has label \(label), expected 0 to 9"))
    }
    #expect(refusal(PickledBatch(pixels: [], labels: []).bytes).contains("data_batch_3: holds no images"))
    #expect(refusal([]).contains("data_batch_3: holds no images"))
    // Cut anywhere, a pickle is refused by a message that names the file.
    let whole = PickledBatch(pixels: pixels, labels: [1, 2]).bytes
    for length in [1, 2, 40, 100, 200, 3000, whole.count - 1] {
      #expect(refusal(Array(whole[..<length])).hasPrefix("data_batch_3: "))
    }
  }

  @Test("archives that are cut, damaged, empty, or claim more than they have")
  func wrongArchives() throws {
    func refusal(_ archive: [UInt8], packed: Bool = true) -> String {
      self.refusal { folder in
        try folder.write(packed ? Self.gzip(archive) : archive, "cifar-10-python.tar.gz")
        return ""
      }
    }
    let whole = Self.archive("", Self.pickled)
    #expect(refusal(whole, packed: false).contains("is no .tar.gz archive"))
    #expect(refusal([UInt8](repeating: 0, count: 1024)).contains("is no tar archive"))
    #expect(refusal([1, 2, 3]).contains("is no tar archive"))
    #expect(refusal(Array(whole[..<2000])).contains("expected"))
    var damaged = whole
    damaged[5] ^= 1
    #expect(refusal(damaged).contains("holds no tar header at byte 0"))
    #expect(refusal(Self.tar("x/data_batch_1", [1], size: 0o7777_7777_777)).contains("damaged"))
    let missing = refusal(Self.tar("x/data_batch_1", Self.pickled(0)) + Self.tar("x/readme", [1]))
    #expect(missing.contains("found none of data_batch_2, but data_batch_1, readme"))
    // A link by the name of a batch is no batch.
    #expect(refusal(Self.tar("x/data_batch_1", [], type: "2")).contains("found none of data_batch_1"))
  }
}
