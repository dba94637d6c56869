import Foundation
import Testing

@testable import Compression

@Suite struct GzipTests {
  static let text = Data(String(repeating: "on-manifold robustness\n", count: 40).utf8)
  /// Python: `gzip.compress(b"on-manifold robustness\n" * 40, mtime=0)`
  static let member =
    Data(
      base64Encoded: "H4sIAAAAAAACA8vP081NzMtMy89JUSjKTyotLslLLS7myh8VHhUeFR44YQBGmZh6mAMAAA==") ?? Data()

  private func inflate(_ data: Data, maximumBytes: Int = 1 << 20) throws(CompressionError) -> Data {
    try Gzip.inflate(data, source: "images.gz", maximumBytes: maximumBytes)
  }

  @Test func expandsOneMember() throws {
    #expect(Gzip.isGzip(Self.member) && !Gzip.isGzip(Self.text))
    #expect(try inflate(Self.member) == Self.text)
  }

  @Test func expandsSlices() throws {
    let padded = Data([1, 2, 3]) + Self.member
    #expect(try inflate(padded.dropFirst(3)) == Self.text)
  }

  @Test func expandsSeveralMembersAndZeroPadding() throws {
    #expect(try inflate(Self.member + Self.member + Data(count: 512)) == Self.text + Self.text)
  }

  @Test func outputIsBounded() throws {
    #expect(try inflate(Self.member, maximumBytes: Self.text.count) == Self.text)
    #expect(throws: CompressionError.outputTooLarge(source: "images.gz", maximumBytes: Self.text.count - 1)) {
      try inflate(Self.member, maximumBytes: Self.text.count - 1)
    }
    #expect(throws: CompressionError.outputTooLarge(source: "images.gz", maximumBytes: Self.text.count)) {
      try inflate(Self.member + Self.member, maximumBytes: Self.text.count)
    }
    #expect(throws: CompressionError.outputTooLarge(source: "images.gz", maximumBytes: 0)) {
      try inflate(Self.member, maximumBytes: 0)
    }
  }

  @Test func truncationAtEveryLengthIsAnError() {
    for length in 0..<Self.member.count {
      #expect(throws: CompressionError.truncated(source: "images.gz", inputBytes: length)) {
        try inflate(Data(Self.member.prefix(length)))
      }
    }
  }

  /// Flips in the time stamp and the like of the header change nothing; all others have to be noticed.
  @Test func flippedBitsNeverGiveOtherContent() {
    for index in Self.member.indices {
      for bit in 0..<8 {
        var damaged = Self.member
        damaged[index] ^= 1 << UInt8(bit)
        let output = try? inflate(damaged)
        #expect(output == nil || output == Self.text)
      }
    }
  }

  @Test func trailingRubbishIsAnError() {
    #expect(throws: CompressionError.trailingBytes(source: "images.gz", offset: Self.member.count, count: 4)) {
      try inflate(Self.member + Data("rest".utf8))
    }
  }
}
