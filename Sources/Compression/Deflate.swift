import Foundation

/// Raw deflate streams (RFC 1951), as inside zip entries.
package enum Deflate {
  /// The most that deflate can expand: a stored byte costs at least 1/1032 of a byte (258 bytes from 2 bits).
  package static let largestExpansion = 1032

  /// Expands a stream whose length is declared beside it.
  ///
  /// Nothing larger than `declaredSize` is ever allocated, and a stream of any other length is an error.
  /// The caller checks the declared size against its own limits first.
  package static func inflate(_ data: Data, declaredSize: Int, source: String) throws(CompressionError) -> Data {
    let (largest, overflow) = data.count.multipliedReportingOverflow(by: largestExpansion)
    guard overflow || declaredSize <= largest else {
      throw .corrupt(
        source: source, offset: 0,
        reason: "\(data.count) compressed bytes cannot expand to the declared \(declaredSize) bytes")
    }
    let output = try expand(
      data, framing: .raw, source: source, expectedBytes: declaredSize, maximumBytes: declaredSize)
    guard output.count == declaredSize else {
      throw .sizeMismatch(source: source, expectedBytes: declaredSize, actualBytes: output.count)
    }
    return output
  }

  /// Bridges `Data` to the stream; typed errors cannot pass through `withUnsafeBytes`, so they travel as a result.
  static func expand(
    _ data: Data, framing: DeflateFraming, source: String, expectedBytes: Int, maximumBytes: Int
  ) throws(CompressionError) -> Data {
    let result = data.withUnsafeBytes { (input: UnsafeRawBufferPointer) -> Result<Data, CompressionError> in
      Result { () throws(CompressionError) in
        try ZlibStream.inflate(
          input, framing: framing, source: source, expectedBytes: expectedBytes, maximumBytes: maximumBytes)
      }
    }
    return try result.get()
  }
}
