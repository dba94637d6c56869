import Foundation
import Testing

@testable import Checkpoints

@Suite struct ZipTests {
  /// An archive with entries `a` and `b`, and where their records are.
  private struct Sample {
    var data: Data
    let central: [Int]
    let end: Int

    init(_ names: [String] = ["a", "b"]) throws {
      var writer = ZipWriter(file: "test", capacity: 0)
      for name in names { try writer.add(name, Data("content of \(name)".utf8)) }
      let data = writer.finished()
      let bytes = Array(data)
      central = (0..<(bytes.count - 4)).filter { bytes[$0..<($0 + 4)].elementsEqual([0x50, 0x4b, 1, 2]) }
      end = bytes.count - 22
      self.data = data
    }

    func patched(_ offset: Int, _ bytes: [UInt8]) -> Data {
      var copy = data
      copy.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
      return copy
    }
  }

  private func failure(_ data: Data) -> String? {
    do {
      let archive = try ZipArchive(data, file: "model.pt")
      var budget = InflationBudget(archiveBytes: data.count)
      for entry in archive.entries { _ = try archive.contents(of: entry, budget: &budget) }
      return nil
    } catch { return error.description }
  }

  private func expect(_ data: Data, _ words: String, _ location: SourceLocation = #_sourceLocation) {
    let message = failure(data)
    #expect(
      message?.hasPrefix("model.pt: ") == true && message?.contains(words) == true, "\(message ?? "no error")",
      sourceLocation: location)
  }

  @Test func entriesAreReadInOrder() throws {
    let archive = try ZipArchive(Sample().data, file: "model.pt")
    #expect(archive.entries.map(\.name) == ["a", "b"])
    var budget = InflationBudget(limit: 0)
    let entry = try #require(archive.entry(named: "b"))
    #expect(try archive.contents(of: entry, budget: &budget).bytes == Data("content of b".utf8))
    #expect(archive.entries.allSatisfy { $0.dataOffset % 64 == 0 })
  }

  @Test func commentsMayFollow() throws {
    let sample = try Sample()
    #expect(failure(sample.patched(sample.end + 20, [3, 0]) + Data("end".utf8)) == nil)
    expect(sample.data + Data("x".utf8), "no zip end record")
  }

  @Test func contradictionsAreRefused() throws {
    let sample = try Sample()
    let (first, second) = (sample.central[0], sample.central[1])
    expect(sample.patched(first + 16, [1, 2, 3, 4]), "it says")
    expect(sample.patched(first + 20, [1, 0, 0, 0]), "it says")
    expect(sample.patched(first + 10, [8, 0]), "compression method")
    expect(sample.patched(first + 46, [0x63]), "its name is not the directory's")
    expect(sample.patched(first + 46, [0xff]), "not UTF-8")
    expect(sample.patched(first + 28, [0xff, 0xff]), "leave the directory")
    expect(sample.patched(second, [0]), "expected an entry's signature")
    expect(sample.patched(second + 42, [9, 0, 0, 0]), "no header is there")
    expect(sample.patched(second + 42, [0xff, 0xff, 0xff, 0x7f]), "no header is there")
    expect(sample.patched(second + 42, [0xff, 0xff, 0xff, 0xff]), "needs a ZIP64 field")
    expect(sample.patched(sample.end + 8, [9, 0, 9, 0]), "declares 9 entries")
    expect(sample.patched(sample.end + 16, [0xff, 0xff, 0xff, 0x7f]), "declares 2 entries")
  }

  @Test func damagedContentIsNoticed() throws {
    let sample = try Sample()
    let archive = try ZipArchive(sample.data, file: "model.pt")
    expect(sample.patched(archive.entries[1].dataOffset, [0]), "its content has CRC-32")
  }

  @Test func whatIsNotReadIsNamed() throws {
    let sample = try Sample()
    expect(sample.patched(sample.central[0] + 8, [1, 8]), "entry `a` is encrypted")
    expect(sample.patched(sample.central[0] + 10, [12, 0]), "zip method 12")
    expect(sample.patched(sample.central[0] + 34, [1, 0]), "split over several files")
    expect(sample.patched(sample.end + 4, [1, 0]), "split over several files")
  }

  @Test func duplicateNamesAreRefused() throws {
    expect(try Sample(["a", "a"]).data, "entry `a`: occurs twice")
  }

  /// The directory lists an entry whose header lies inside another entry's content.
  @Test func overlapsAreRefused() throws {
    let inner = try Sample(["b"])
    var writer = ZipWriter(file: "test", capacity: 0)
    try writer.add("a", inner.data.prefix(inner.central[0]))
    let outer = writer.finished()
    let directory = outer.count - 22 - 47
    var second = Data(inner.data[inner.central[0]..<inner.end])
    second.replaceSubrange(42..<46, with: [64, 0, 0, 0])
    var data = outer.prefix(outer.count - 22) + second + outer.suffix(22)
    let end = data.count - 22
    data.replaceSubrange((end + 8)..<(end + 16), with: [2, 0, 2, 0, UInt8(47 * 2), 0, 0, 0])
    #expect(data[directory] == 0x50)
    expect(Data(data), "overlaps entry `a`")
  }

  /// More than deflate can do, more than is declared, and more than a checkpoint has reason to.
  @Test func bombsAreRefused() throws {
    let bytes = try Fixtures.bytes("zip-deflated.pt")
    let archive = try ZipArchive(bytes, file: "model.pt")
    let entry = try #require(archive.entries.first)
    let central = try #require(
      (0..<(bytes.count - 4)).first { bytes[$0..<($0 + 4)].elementsEqual([0x50, 0x4b, 1, 2]) })
    func declaring(_ size: UInt32) -> Data {
      let field = (0..<4).map { UInt8(truncatingIfNeeded: size >> UInt32(8 * $0)) }
      var copy = bytes
      copy.replaceSubrange((central + 24)..<(central + 28), with: field)
      copy.replaceSubrange((entry.headerOffset + 22)..<(entry.headerOffset + 26), with: field)
      return copy
    }
    expect(declaring(4_000_000_000), "decompression bomb")
    expect(declaring(UInt32(entry.size - 1)), "decompression bomb")
    expect(declaring(UInt32(entry.size + 1)), "expected \(entry.size + 1)")
    var budget = InflationBudget(limit: entry.size - 1)
    #expect(throws: CheckpointError.self) { try archive.contents(of: entry, budget: &budget) }
  }

  @Test func budgetsFollowTheArchive() {
    #expect(InflationBudget(archiveBytes: 1000).limit == 1 << 28)
    #expect(InflationBudget(archiveBytes: 1 << 26).limit == 1 << 30)
    #expect(InflationBudget(archiveBytes: .max).limit == 1 << 31)
    var budget = InflationBudget(limit: 10)
    #expect(budget.spend(4) && !budget.spend(7) && budget.spend(6) && !budget.spend(.max))
  }

  @Test func emptyArchivesHaveNoCheckpoint() throws {
    let empty = ZipWriter(file: "test", capacity: 0).finished()
    #expect(Fixtures.failure(empty)?.description.contains("without data.pkl (it has 0 entries") == true)
  }
}
