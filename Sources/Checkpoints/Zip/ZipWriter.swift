import Compression
import Foundation

/// Writes zip archives of stored entries, each entry's bytes starting at a multiple of 64 as PyTorch aligns them, so
/// that they can be mapped. Dates are fixed: the same entries always make the same bytes.
struct ZipWriter {
  private static let alignment = 64
  /// 1980-01-01, the earliest date a zip file can hold, as PyTorch writes.
  private static let date: UInt16 = 0x21

  private let file: String
  private var data = Data()
  private var directory = Data()
  private var count = 0

  /// - Parameter file: named in errors.
  init(file: String, capacity: Int) {
    self.file = file
    data.reserveCapacity(capacity)
  }

  mutating func add(_ name: String, _ content: Data) throws(CheckpointError) {
    let nameBytes = Array(name.utf8)
    let header = data.count
    // An extra field of PyTorch's own tag "FB" fills the gap; it takes at least its own 4 bytes.
    let unpadded = header + 30 + nameBytes.count + 4
    let padding = (Self.alignment - unpadded % Self.alignment) % Self.alignment
    guard nameBytes.count <= 0xffff, count < 0xfffe, unpadded + padding + content.count < Int(UInt32.max) - (1 << 26)
    else {
      throw .cannotWrite(
        file: file,
        reason: "entry `\(name)` would make the archive larger than a zip file without ZIP64 may be (4 GiB); "
          + "write safetensors instead")
    }
    var common = Data()
    common.appendLittleEndian(UInt16(20))  // version needed
    common.appendLittleEndian(UInt16(0x0800))  // names are UTF-8
    common.appendLittleEndian(UInt16(0))  // stored
    common.appendLittleEndian(UInt16(0))  // time
    common.appendLittleEndian(Self.date)
    common.appendLittleEndian(CRC32.checksum(content))
    common.appendLittleEndian(UInt32(content.count))
    common.appendLittleEndian(UInt32(content.count))
    common.appendLittleEndian(UInt16(nameBytes.count))

    data.appendLittleEndian(UInt32(0x0403_4b50))
    data.append(common)
    data.appendLittleEndian(UInt16(4 + padding))
    data.append(contentsOf: nameBytes)
    data.append(contentsOf: "FB".utf8)
    data.appendLittleEndian(UInt16(padding))
    data.append(contentsOf: [UInt8](repeating: UInt8(ascii: "Z"), count: padding))
    data.append(content)

    directory.appendLittleEndian(UInt32(0x0201_4b50))
    directory.appendLittleEndian(UInt16(20))  // version made by
    directory.append(common)
    directory.append(contentsOf: [UInt8](repeating: 0, count: 12))  // no extra, comment, disk, attributes
    directory.appendLittleEndian(UInt32(header))
    directory.append(contentsOf: nameBytes)
    count += 1
  }

  /// The archive with its directory.
  consuming func finished() -> Data {
    let start = data.count
    data.append(directory)
    data.appendLittleEndian(UInt32(0x0605_4b50))
    data.appendLittleEndian(UInt32(0))  // disks
    data.appendLittleEndian(UInt16(count))
    data.appendLittleEndian(UInt16(count))
    data.appendLittleEndian(UInt32(directory.count))
    data.appendLittleEndian(UInt32(start))
    data.appendLittleEndian(UInt16(0))  // comment
    return data
  }
}
