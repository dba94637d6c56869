import Compression
import Foundation

/// A gzip file whose content is stored, not compressed.
enum GzipFile {
  static func stored(_ content: Data) -> Data {
    var file = Data([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])
    var rest = content[...]
    repeat {
      let block = rest.prefix(0xffff)
      rest = rest.dropFirst(block.count)
      let count = UInt16(block.count)
      file.append(rest.isEmpty ? 1 : 0)
      append(count, to: &file)
      append(~count, to: &file)
      file += block
    } while !rest.isEmpty
    append(CRC32.checksum(content), to: &file)
    append(UInt32(truncatingIfNeeded: content.count), to: &file)
    return file
  }

  private static func append<Number: FixedWidthInteger>(_ number: Number, to file: inout Data) {
    withUnsafeBytes(of: number.littleEndian) { file.append(contentsOf: $0) }
  }
}
