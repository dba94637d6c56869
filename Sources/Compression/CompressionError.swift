/// Why compressed bytes could not be expanded. Every message starts with the source (a file, or an entry inside one).
package enum CompressionError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The compressed data ended, after `inputBytes` bytes, before the stream said it was complete.
  case truncated(source: String, inputBytes: Int)
  /// The stream is damaged; `offset` is the position in the compressed bytes where decoding stopped.
  case corrupt(source: String, offset: Int, reason: String)
  /// The stream expands to more than the caller allows.
  case outputTooLarge(source: String, maximumBytes: Int)
  /// The stream is complete but its length is not the one declared beside it.
  case sizeMismatch(source: String, expectedBytes: Int, actualBytes: Int)
  /// Bytes follow the end of the stream at `offset`.
  case trailingBytes(source: String, offset: Int, count: Int)
  /// zlib could not allocate its working memory.
  case outOfMemory(source: String)

  package var description: String {
    switch self {
    case .truncated(let source, let inputBytes):
      return "\(source): compressed data ends after \(inputBytes) bytes, before the end of the stream; "
        + "the file is incomplete, fetch it again"
    case .corrupt(let source, let offset, let reason):
      return "\(source): compressed data is damaged at byte \(offset) (\(reason)); fetch the file again"
    case .outputTooLarge(let source, let maximumBytes):
      return "\(source): expands to more than the \(maximumBytes) bytes allowed here; refused as a decompression bomb"
    case .sizeMismatch(let source, let expectedBytes, let actualBytes):
      return "\(source): expands to \(actualBytes) bytes, expected \(expectedBytes); the file is damaged"
    case .trailingBytes(let source, let offset, let count):
      return "\(source): \(count) bytes follow the end of the compressed stream at byte \(offset), expected none; "
        + "the file is damaged"
    case .outOfMemory(let source):
      return "\(source): not enough memory to expand the compressed data"
    }
  }
}
