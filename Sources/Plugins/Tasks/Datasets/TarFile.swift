import Foundation

/// Tar archives (POSIX.1-1988 `ustar`, and as GNU tar and Python's tarfile write them), read in memory.
///
/// Only regular files under names of at most 100 bytes, as data sets are published. Nothing is unpacked to a disk, so a name says
/// which file is asked for and nothing else.
enum TarFile {
  private static let block = 512

  /// Regular files by the last part of their name; of several with the same one the first.
  /// - Parameters:
  ///   - data: the archive, expanded.
  ///   - source: the file's name, for messages.
  /// - Throws: `DatasetError` for a damaged header and an archive that ends within a file.
  static func files(_ data: Data, source: String) throws(DatasetError) -> [String: Data] {
    var files: [String: Data] = [:]
    var offset = 0
    while data.count - offset >= block {
      let start = data.startIndex + offset
      let header = Array(data[start..<start + block])
      // Two blocks of zeros end an archive; what follows belongs to nobody.
      if header.allSatisfy({ $0 == 0 }) { break }
      guard isIntact(header), let size = octal(header[124..<136]) else {
        throw .absurdHeader(file: source, reason: "holds no tar header at byte \(offset) of the unpacked archive")
      }
      let content = offset + block
      guard size <= data.count - content else {
        throw .wrongLength(file: source, expectedBytes: content + size, actualBytes: data.count)
      }
      // "0" and, in the oldest archives, zero.
      if header[156] == UInt8(ascii: "0") || header[156] == 0 {
        let name = String(decoding: header[..<100].prefix { $0 != 0 }, as: UTF8.self)
        let last = name.split(separator: "/").last.map(String.init) ?? ""
        if !last.isEmpty, files[last] == nil {
          files[last] = data[data.startIndex + content..<data.startIndex + content + size]
        }
      }
      // Contents fill whole blocks; the last one may be cut off.
      let (blocks, rest) = size.quotientAndRemainder(dividingBy: block)
      offset = content + min(data.count - content, (blocks + (rest == 0 ? 0 : 1)) * block)
    }
    guard offset > 0 else { throw .absurdHeader(file: source, reason: "is no tar archive") }
    return files
  }

  /// By the header's checksum: the sum of its bytes with the checksum's own as blanks.
  private static func isIntact(_ header: [UInt8]) -> Bool {
    var sum = 0
    for (place, byte) in header.enumerated() { sum += (148..<156).contains(place) ? 32 : Int(byte) }
    return octal(header[148..<156]) == sum
  }

  /// Octal digits between blanks and zeros. Sizes of 8 GiB and more, written otherwise, are no data set's.
  private static func octal(_ field: ArraySlice<UInt8>) -> Int? {
    let digits = field.drop { $0 == 32 }.prefix { $0 != 0 && $0 != 32 }
    guard !digits.isEmpty, digits.count <= 12 else { return nil }
    var value = 0
    for digit in digits {
      guard (48...55).contains(digit) else { return nil }
      value = value << 3 | Int(digit - 48)
    }
    return value
  }
}
