import Foundation

/// The CRC-32 check value of zip and gzip (polynomial 0x04C11DB7, reflected).
package struct CRC32: Sendable {
  /// The check value of everything added so far; 0 for nothing.
  package private(set) var value: UInt32 = 0

  package init() {}

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    value = ZlibStream.crc32(bytes, seed: value)
  }

  package mutating func update(_ data: Data) {
    data.withUnsafeBytes { update($0) }
  }

  package static func checksum(_ data: Data) -> UInt32 {
    var crc = CRC32()
    crc.update(data)
    return crc.value
  }

  package static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var crc = CRC32()
    crc.update(bytes)
    return crc.value
  }
}
