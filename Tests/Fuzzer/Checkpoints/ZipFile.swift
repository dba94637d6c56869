import Compression
import Foundation

/// A zip archive of stored entries, in which the directory may say something else than what is there.
struct ZipFile {
  private struct Entry {
    let name: Data
    let crc: UInt32
    let size: UInt32
    let offset: UInt32
  }

  private var data = Data()
  private var entries: [Entry] = []

  mutating func add(_ name: String, _ content: Data) {
    let entry = Entry(
      name: Data(name.utf8), crc: CRC32.checksum(content), size: UInt32(content.count), offset: UInt32(data.count))
    entries.append(entry)
    // Aligned to 64 bytes, as PyTorch does it.
    let head = 30 + entry.name.count + 4
    let padding = (64 - (data.count + head) % 64) % 64
    number(0x0403_4b50 as UInt32)
    common(entry)
    number(UInt16(4 + padding))
    data += entry.name
    number(0x4246 as UInt16)
    number(UInt16(padding))
    data += Data(repeating: 0x5a, count: padding) + content
  }

  /// - Parameter oddity: whether something in the directory is changed.
  mutating func finished(odd: Bool, _ dice: inout Dice) -> Data {
    let start = data.count
    let wrong = odd ? dice.integer(0...max(0, entries.count - 1)) : -1
    for (index, entry) in entries.enumerated() {
      var entry = entry
      var extra = Data()
      if index == wrong {
        let number = UInt32(truncatingIfNeeded: dice.extremeInteger())
        switch dice.integer(0...4) {
        case 0: entry = Entry(name: entry.name, crc: entry.crc ^ 1, size: entry.size, offset: entry.offset)
        case 1: entry = Entry(name: entry.name, crc: entry.crc, size: number, offset: entry.offset)
        case 2: entry = Entry(name: entry.name, crc: entry.crc, size: entry.size, offset: number)
        case 3:
          // ZIP64, with any sizes.
          entry = Entry(name: entry.name, crc: entry.crc, size: .max, offset: .max)
          extra = Data([1, 0, 24, 0])
          for _ in 0..<3 {
            withUnsafeBytes(of: Int64(dice.extremeInteger()).littleEndian) { extra.append(contentsOf: $0) }
          }
        default: entry = Entry(name: dice.pick(entries).name, crc: entry.crc, size: entry.size, offset: entry.offset)
        }
      }
      number(0x0201_4b50 as UInt32)
      number(0 as UInt16)
      common(entry)
      number(UInt16(extra.count))
      data += Data(count: 2 + 2 + 2 + 4)
      number(entry.offset)
      data += entry.name + extra
    }
    let size = data.count - start
    number(0x0605_4b50 as UInt32)
    number(0 as UInt32)
    let count = odd && dice.chance(0.2) ? UInt16(truncatingIfNeeded: dice.extremeInteger()) : UInt16(entries.count)
    number(count)
    number(count)
    number(UInt32(size))
    number(odd && dice.chance(0.2) ? UInt32(truncatingIfNeeded: dice.extremeInteger()) : UInt32(start))
    number(0 as UInt16)
    return data
  }

  /// Version, flags, method, time, checksum, sizes, length of the name.
  private mutating func common(_ entry: Entry) {
    number(20 as UInt16)
    number(0 as UInt16)
    number(0 as UInt16)
    number(0 as UInt32)
    number(entry.crc)
    number(entry.size)
    number(entry.size)
    number(UInt16(entry.name.count))
  }

  private mutating func number<Number: FixedWidthInteger>(_ value: Number) {
    withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
  }
}
