import Compression
import Foundation
import Testing

@testable import Plugins

@Suite struct IDXTests {
  /// gzip of `labels(3)`: a stored block, so that no compressor is needed.
  static func gzip(_ bytes: [UInt8]) -> [UInt8] {
    let crc = CRC32.checksum(Data(bytes))
    let count = UInt16(bytes.count)
    var result: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1]
    result += [UInt8(count & 255), UInt8(count >> 8), UInt8(~count & 255), UInt8(~count >> 8)]
    result += bytes
    for value in [crc, UInt32(bytes.count)] { result += (0..<4).map { UInt8(value >> (8 * $0) & 255) } }
    return result
  }

  static func file(_ extents: [UInt32], payload: Int? = nil, magic: UInt32? = nil) -> [UInt8] {
    let words = [magic ?? 0x800 + UInt32(extents.count)] + extents
    let header = words.flatMap { word in (0..<4).map { UInt8(word >> (24 - 8 * $0) & 255) } }
    let count = payload ?? extents.reduce(1) { $0 * Int($1) }
    return header + (0..<count).map { UInt8($0 % 10) }
  }

  @Test("plain and gzipped files read alike, told apart by content")
  func reads() throws {
    let plain = Self.file([3, 2, 2])
    let expected = try IDXFile(Data(plain), source: "f", rank: 3)
    #expect(expected.extents == [3, 2, 2])
    #expect(expected.bytes == (0..<12).map { UInt8($0 % 10) })
    let compressed = try IDXFile(Data(Self.gzip(plain)), source: "f", rank: 3)
    #expect(compressed.bytes == expected.bytes)
  }

  @Test("hostile files are refused with file, expected and got")
  func hostile() {
    func refusal(_ bytes: [UInt8], rank: Int = 3) -> DatasetError? {
      do {
        _ = try IDXFile(Data(bytes), source: "f", rank: rank)
        return nil
      } catch { return error as? DatasetError }
    }
    #expect(refusal([]) == .headerTruncated(file: "f", expectedBytes: 16, actualBytes: 0))
    #expect(refusal([0, 0, 8]) == .headerTruncated(file: "f", expectedBytes: 16, actualBytes: 3))
    #expect(
      refusal(Self.file([5, 1, 1], magic: 0x801))
        == .wrongMagic(
          file: "f", expected: 0x803, actual: 0x801, what: "IDX, unsigned bytes, 3 axes"))
    #expect(refusal(Self.file([3, 2, 2], payload: 11)) == .wrongLength(file: "f", expectedBytes: 28, actualBytes: 27))
    #expect(refusal(Self.file([3, 2, 2], payload: 13)) == .wrongLength(file: "f", expectedBytes: 28, actualBytes: 29))
    for extents in [[UInt32.max, UInt32.max, UInt32.max], [0, 28, 28], [1 << 20, 1 << 11, 1]] as [[UInt32]] {
      guard case .absurdHeader = refusal(Self.file(extents, payload: 4)) else {
        Issue.record("\(extents) was not refused as absurd")
        continue
      }
    }
    #expect(
      "\(DatasetError.wrongMagic(file: "f", expected: 0x803, actual: 0x801, what: "IDX"))"
        == "f: begins with 0x00000801, expected 0x00000803 (IDX); is it another file?")
  }

  @Test("damaged gzip is refused by the decompressor, naming the file")
  func damagedGzip() {
    var bytes = Self.gzip(Self.file([3, 2, 2]))
    bytes[bytes.count - 6] ^= 1
    do {
      _ = try IDXFile(Data(bytes), source: "train.gz", rank: 3)
      Issue.record("a wrong check value was accepted")
    } catch { #expect("\(error)".hasPrefix("train.gz: ")) }
    #expect(throws: (any Error).self) { try IDXFile(Data(bytes.prefix(20)), source: "f", rank: 3) }
  }
}
