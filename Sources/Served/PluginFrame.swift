import Foundation
import JSON

/// One message of the protocol: sixteen bytes, a JSON object, the payload.
///
/// ```
/// offset  bytes  content
///      0      4  50 41 47 53, "PAGS"
///      4      4  length H of the header, unsigned, little-endian; 2 to 65,536
///      8      8  length P of the payload, unsigned, little-endian
///     16      H  header: a JSON object in UTF-8
///   16+H      P  payload: float32, little-endian, row-major
/// ```
enum PluginFrame {
  static let magic = Array("PAGS".utf8)
  static let prefixBytes = 16
  static let largestHeader = 65_536
  /// What one tensor may take.
  static let largestPayload = 1 << 31

  struct Prefix: Equatable {
    let headerBytes: Int
    let payloadBytes: UInt64
  }

  /// Everything before the payload.
  static func head<Header: Encodable>(_ header: Header, payloadBytes: Int) throws -> Data {
    let json = try JSONEncoding.encodeCompact(header)
    precondition(json.count <= largestHeader, "a header of \(json.count) bytes")
    var data = Data(magic)
    withUnsafeBytes(of: UInt32(json.count).littleEndian) { data.append(contentsOf: $0) }
    withUnsafeBytes(of: UInt64(payloadBytes).littleEndian) { data.append(contentsOf: $0) }
    return data + json
  }

  /// - Returns: nil where the bytes do not begin with the magic number.
  static func prefix(_ bytes: [UInt8]) -> Prefix? {
    precondition(bytes.count == prefixBytes)
    guard bytes.starts(with: magic) else { return nil }
    func number(_ range: Range<Int>) -> UInt64 { range.reversed().reduce(0) { $0 << 8 | UInt64(bytes[$1]) } }
    return Prefix(headerBytes: Int(number(4..<8)), payloadBytes: number(8..<16))
  }
}
