import Compression
import Foundation
import Testing

@Suite struct CRC32Tests {
  /// The check value that the polynomial's catalogue gives for "123456789".
  @Test func knownValue() {
    #expect(CRC32.checksum(Data("123456789".utf8)) == 0xCBF4_3926)
    #expect(CRC32.checksum(Data()) == 0)
  }

  @Test func piecesMakeTheWhole() {
    let data = Data((0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) })
    var crc = CRC32()
    for start in stride(from: 0, to: data.count, by: 77) {
      crc.update(data[start..<min(start + 77, data.count)])
    }
    #expect(crc.value == CRC32.checksum(data))
  }
}
