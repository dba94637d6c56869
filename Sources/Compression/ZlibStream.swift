import CZlib
import Foundation

/// How the compressed bytes are framed.
enum DeflateFraming: Int32 {
  /// No header or check value (RFC 1951), as inside zip entries.
  case raw = -15
  /// Gzip members (RFC 1952); zlib checks each header, CRC-32 and length itself.
  case gzip = 31
}

/// The only place that talks to zlib.
enum ZlibStream {
  /// zlib counts in 32 bits, so longer inputs and outputs are handed over in pieces of this size.
  private static let largestPiece = 1 << 30

  /// CRC-32 (the polynomial of zip and gzip) of `bytes`, continuing from `seed`.
  static func crc32(_ bytes: UnsafeRawBufferPointer, seed: UInt32) -> UInt32 {
    guard let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return seed }
    return UInt32(truncatingIfNeeded: crc32_z(UInt(seed), base, bytes.count))
  }

  /// Expands `input`, never holding more than `maximumBytes` of output.
  ///
  /// Gzip input may consist of several members, expanded one after another, and may be padded with zeros.
  /// - Parameter expectedBytes: a first guess of the output size; the output grows as needed.
  static func inflate(
    _ input: UnsafeRawBufferPointer, framing: DeflateFraming, source: String, expectedBytes: Int, maximumBytes: Int
  ) throws(CompressionError) -> Data {
    var stream = z_stream()
    guard
      inflateInit2_(&stream, framing.rawValue, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw .outOfMemory(source: source) }
    defer { inflateEnd(&stream) }

    // One byte more than allowed, so that "exactly the maximum" and "more" can be told apart.
    let ceiling = maximumBytes.addingReportingOverflow(1)
    let capacityLimit = ceiling.overflow ? Int.max : ceiling.partialValue
    var output = Data(count: min(max(expectedBytes, 0) + 1, capacityLimit, 1 << 26))
    var produced = 0
    var consumed = 0

    while true {
      if produced == output.count {
        guard output.count < capacityLimit else {
          throw .outputTooLarge(source: source, maximumBytes: maximumBytes)
        }
        output.count = min(max(output.count * 2, 1 << 16), capacityLimit)
      }
      let offered = min(input.count - consumed, largestPiece)
      let room = min(output.count - produced, largestPiece)
      let status = output.withUnsafeMutableBytes { (target: UnsafeMutableRawBufferPointer) -> Int32 in
        stream.next_in = UnsafeMutablePointer(
          mutating: input.bindMemory(to: UInt8.self).baseAddress.map { $0 + consumed })
        stream.avail_in = UInt32(offered)
        stream.next_out = target.bindMemory(to: UInt8.self).baseAddress.map { $0 + produced }
        stream.avail_out = UInt32(room)
        return CZlib.inflate(&stream, Z_NO_FLUSH)
      }
      consumed += offered - Int(stream.avail_in)
      produced += room - Int(stream.avail_out)

      switch status {
      case Z_STREAM_END:
        let rest = UnsafeRawBufferPointer(rebasing: input[consumed...])
        if framing == .gzip, rest.count >= 2, rest[0] == 0x1f, rest[1] == 0x8b {
          guard inflateReset(&stream) == Z_OK else { throw .outOfMemory(source: source) }
          continue
        }
        // Tapes and some tools pad gzip files with zeros; anything else was not meant to be there.
        guard rest.isEmpty || (framing == .gzip && rest.allSatisfy { $0 == 0 }) else {
          throw .trailingBytes(source: source, offset: consumed, count: rest.count)
        }
        guard produced <= maximumBytes else { throw .outputTooLarge(source: source, maximumBytes: maximumBytes) }
        output.count = produced
        return output
      case Z_OK, Z_BUF_ERROR:
        guard consumed < input.count || produced == output.count else {
          throw .truncated(source: source, inputBytes: input.count)
        }
      case Z_MEM_ERROR:
        throw .outOfMemory(source: source)
      default:
        let reason = stream.msg.map { String(cString: $0) } ?? "zlib status \(status)"
        throw .corrupt(source: source, offset: consumed, reason: reason)
      }
    }
  }
}
