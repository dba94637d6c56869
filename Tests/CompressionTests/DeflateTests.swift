import Foundation
import Testing

@testable import Compression

@Suite struct DeflateTests {
  /// Python: `zlib.compressobj(9, DEFLATED, -15)` on 23 * 40 bytes, without the gzip header and trailer around it.
  private var stream: Data { GzipTests.member.dropFirst(10).dropLast(8) }

  @Test func expandsToTheDeclaredSize() throws {
    #expect(try Deflate.inflate(stream, declaredSize: GzipTests.text.count, source: "e") == GzipTests.text)
  }

  @Test func otherSizesAreErrors() {
    let size = GzipTests.text.count
    #expect(throws: CompressionError.outputTooLarge(source: "e", maximumBytes: size - 1)) {
      try Deflate.inflate(stream, declaredSize: size - 1, source: "e")
    }
    #expect(throws: CompressionError.sizeMismatch(source: "e", expectedBytes: size + 1, actualBytes: size)) {
      try Deflate.inflate(stream, declaredSize: size + 1, source: "e")
    }
  }

  @Test func impossibleDeclaredSizesAreRefusedBeforeAllocating() {
    #expect(throws: CompressionError.self) {
      try Deflate.inflate(stream, declaredSize: Int.max, source: "e")
    }
  }

  @Test func trailingBytesAreErrors() {
    #expect(throws: CompressionError.trailingBytes(source: "e", offset: stream.count, count: 1)) {
      try Deflate.inflate(stream + [0], declaredSize: GzipTests.text.count, source: "e")
    }
  }

  @Test func truncationAtEveryLengthIsAnError() {
    for length in 0..<stream.count {
      #expect(throws: CompressionError.self) {
        try Deflate.inflate(Data(stream.prefix(length)), declaredSize: GzipTests.text.count, source: "e")
      }
    }
  }

  @Test func messagesSayWhatToDo() {
    let error = CompressionError.truncated(source: "train-images.gz", inputBytes: 12)
    #expect(
      error.description
        == "train-images.gz: compressed data ends after 12 bytes, before the end of the stream; "
        + "the file is incomplete, fetch it again")
  }
}
