import Foundation

/// Gzip files (RFC 1952).
package enum Gzip {
  /// Whether `data` starts with the two gzip magic bytes.
  package static func isGzip(_ data: Data) -> Bool {
    data.starts(with: [0x1f, 0x8b])
  }

  /// Expands every member of a gzip file and checks their CRC-32 and lengths.
  /// - Parameters:
  ///   - source: named in errors, usually the file name.
  ///   - maximumBytes: the most output that is acceptable; more is refused while expanding, not afterwards.
  package static func inflate(_ data: Data, source: String, maximumBytes: Int) throws(CompressionError) -> Data {
    // The last four bytes are the last member's length; only a hint, since it may lie or count one member of many.
    let hint = data.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    return try Deflate.expand(
      data, framing: .gzip, source: source, expectedBytes: data.count < 18 ? 0 : hint, maximumBytes: maximumBytes)
  }
}
