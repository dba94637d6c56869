import Compression

/// Reads and checks a zip file's directory. Works on the whole file's bytes; nothing is read outside them.
struct ZipDirectory {
  let bytes: UnsafeRawBufferPointer
  let file: String

  private enum Signature {
    static let localHeader: UInt64 = 0x0403_4b50
    static let centralHeader: UInt64 = 0x0201_4b50
    static let end: UInt64 = 0x0605_4b50
    static let zip64End: UInt64 = 0x0606_4b50
    static let zip64Locator: UInt64 = 0x0706_4b50
  }

  /// Where the central directory is and how many entries it declares.
  struct Location {
    let offset: Int
    let size: Int
    let entryCount: Int
  }

  // MARK: The end records

  /// Finds the end-of-central-directory record, whose comment must reach exactly to the end of the file.
  func locate() throws(CheckpointError) -> Location {
    let recordSize = 22
    guard bytes.count >= recordSize else {
      throw .truncated(
        file: file, part: "the zip end record", offset: 0, expectedBytes: recordSize, availableBytes: bytes.count)
    }
    var candidate = bytes.count - recordSize
    let lowest = max(0, candidate - 0xffff)
    while !(field(candidate, 4) == Signature.end
      && candidate + recordSize + Int(field(candidate + 20, 2)) == bytes.count)
    {
      candidate -= 1
      guard candidate >= lowest else {
        throw .corruptArchive(
          file: file, location: "end of file",
          problem: "no zip end record in the last \(min(bytes.count, 0xffff + recordSize)) bytes; "
            + "the file is incomplete")
      }
    }
    let locator = candidate - 20
    if locator >= 0, field(locator, 4) == Signature.zip64Locator {
      return try zip64Location(locator: locator, end: candidate)
    }
    let count = Int(field(candidate + 10, 2))
    guard field(candidate + 4, 2) == 0, field(candidate + 6, 2) == 0, Int(field(candidate + 8, 2)) == count else {
      throw multiDisk()
    }
    return try checked(
      offset: field(candidate + 16, 4), size: field(candidate + 12, 4), count: UInt64(count), limit: candidate)
  }

  /// The ZIP64 record; where the old record is not saturated it has to say the same.
  private func zip64Location(locator: Int, end: Int) throws(CheckpointError) -> Location {
    let recordSize = 56
    guard field(locator + 4, 4) == 0, field(locator + 16, 4) <= 1 else { throw multiDisk() }
    guard let record = Int(exactly: field(locator + 8, 8)), record >= 0, locator >= recordSize,
      record <= locator - recordSize, field(record, 4) == Signature.zip64End
    else {
      throw .corruptArchive(
        file: file, location: "ZIP64 locator at byte \(locator)",
        problem: "points to byte \(field(locator + 8, 8)), where no ZIP64 end record is")
    }
    guard field(record + 16, 4) == 0, field(record + 20, 4) == 0, field(record + 24, 8) == field(record + 32, 8) else {
      throw multiDisk()
    }
    let (count, size, offset) = (field(record + 32, 8), field(record + 40, 8), field(record + 48, 8))
    let pairs: [(old: UInt64, new: UInt64, saturated: UInt64)] = [
      (field(end + 10, 2), count, 0xffff), (field(end + 12, 4), size, 0xffff_ffff),
      (field(end + 16, 4), offset, 0xffff_ffff),
    ]
    guard pairs.allSatisfy({ $0.old == $0.saturated || $0.old == $0.new }) else {
      throw .corruptArchive(
        file: file, location: "ZIP64 end record at byte \(record)", problem: "contradicts the zip end record")
    }
    return try checked(offset: offset, size: size, count: count, limit: record)
  }

  /// The directory must lie before its end record, and hold at least 46 bytes for each entry it declares.
  private func checked(offset: UInt64, size: UInt64, count: UInt64, limit: Int) throws(CheckpointError) -> Location {
    guard let start = Int(exactly: offset), let length = Int(exactly: size), start <= limit, length <= limit - start,
      let entries = Int(exactly: count), entries <= length / 46
    else {
      throw .corruptArchive(
        file: file, location: "zip end record",
        problem: "declares \(count) entries in \(size) bytes at byte \(offset), but only \(limit) bytes precede it")
    }
    return Location(offset: start, size: length, entryCount: entries)
  }

  private func multiDisk() -> CheckpointError {
    .unsupported(
      file: file, feature: "is one part of a zip archive split over several files", advice: "join the parts first")
  }

  // MARK: The entries

  /// All entries in the directory's order, each checked against its local header and against the others.
  func entries(at location: Location) throws(CheckpointError) -> [ZipEntry] {
    var entries: [ZipEntry] = []
    entries.reserveCapacity(location.entryCount)
    var cursor = location.offset
    let end = location.offset + location.size
    for index in 0..<location.entryCount {
      entries.append(try centralEntry(at: &cursor, end: end, index: index, dataLimit: location.offset))
    }
    let ordered = entries.sorted { $0.headerOffset < $1.headerOffset }
    for (earlier, later) in zip(ordered, ordered.dropFirst()) where later.headerOffset < earlier.dataEnd {
      throw .corruptArchive(
        file: file, location: "entry `\(later.name)` at byte \(later.headerOffset)",
        problem: "overlaps entry `\(earlier.name)`, which ends at byte \(earlier.dataEnd)")
    }
    return entries
  }

  private func centralEntry(
    at cursor: inout Int, end: Int, index: Int, dataLimit: Int
  ) throws(CheckpointError) -> ZipEntry {
    let start = cursor
    let place = "central directory entry \(index) at byte \(start)"
    guard end - start >= 46, field(start, 4) == Signature.centralHeader else {
      throw .corruptArchive(file: file, location: place, problem: "expected an entry's signature")
    }
    let nameLength = Int(field(start + 28, 2))
    let extraLength = Int(field(start + 30, 2))
    let commentLength = Int(field(start + 32, 2))
    guard nameLength + extraLength + commentLength <= end - start - 46 else {
      throw .corruptArchive(file: file, location: place, problem: "its name and extra fields leave the directory")
    }
    cursor = start + 46 + nameLength + extraLength + commentLength
    let nameBytes = UnsafeRawBufferPointer(rebasing: bytes[(start + 46)..<(start + 46 + nameLength)])
    guard let name = String(validating: nameBytes, as: UTF8.self), !nameBytes.contains(0), !name.isEmpty else {
      throw .corruptArchive(file: file, location: place, problem: "its name is not UTF-8 text")
    }

    let flags = field(start + 8, 2)
    guard flags & 0x2041 == 0 else {
      throw .unsupported(file: file, feature: "entry `\(name)` is encrypted", advice: "decrypt the archive first")
    }
    let extra = (start + 46 + nameLength)..<(start + 46 + nameLength + extraLength)
    let sizes = try entrySizes(central: start, extra: extra, name: name)
    guard sizes.disk == 0 else { throw multiDisk() }
    let method = try compressionMethod(field(start + 10, 2), name: name)
    let dataOffset = try localDataOffset(
      header: sizes.header, central: start, flags: flags, nameBytes: nameBytes, name: name, sizes: sizes,
      dataLimit: dataLimit)
    if method == .stored && sizes.size != sizes.compressed {
      throw .corruptArchive(
        file: file, location: "entry `\(name)`",
        problem: "is stored with \(sizes.compressed) bytes but declares \(sizes.size)")
    }
    if method == .deflated && sizes.size / Deflate.largestExpansion > sizes.compressed {
      throw .corruptArchive(
        file: file, location: "entry `\(name)`",
        problem: "declares that \(sizes.compressed) bytes expand to \(sizes.size), more than deflate can; "
          + "refused as a decompression bomb")
    }
    return ZipEntry(
      name: name, method: method, crc32: UInt32(field(start + 16, 4)), compressedSize: sizes.compressed,
      size: sizes.size, headerOffset: sizes.header, dataOffset: dataOffset)
  }

  private struct EntrySizes {
    let compressed: Int
    let size: Int
    let header: Int
    let disk: UInt64
  }

  /// The sizes and the local header's place, from the ZIP64 extra field where the 32-bit fields are saturated.
  private func entrySizes(central: Int, extra: Range<Int>, name: String) throws(CheckpointError) -> EntrySizes {
    var size = field(central + 24, 4)
    var compressed = field(central + 20, 4)
    var header = field(central + 42, 4)
    var disk = field(central + 34, 2)
    if size == 0xffff_ffff || compressed == 0xffff_ffff || header == 0xffff_ffff || disk == 0xffff {
      guard var rest = zip64Extra(in: extra) else {
        throw .corruptArchive(file: file, location: "entry `\(name)`", problem: "needs a ZIP64 field and has none")
      }
      func take(_ width: Int) throws(CheckpointError) -> UInt64 {
        guard rest.count >= width else {
          throw .corruptArchive(file: file, location: "entry `\(name)`", problem: "its ZIP64 field is too short")
        }
        defer { rest = (rest.lowerBound + width)..<rest.upperBound }
        return field(rest.lowerBound, width)
      }
      if size == 0xffff_ffff { size = try take(8) }
      if compressed == 0xffff_ffff { compressed = try take(8) }
      if header == 0xffff_ffff { header = try take(8) }
      if disk == 0xffff { disk = try take(4) }
    }
    guard let sizeValue = Int(exactly: size), let compressedValue = Int(exactly: compressed),
      let headerValue = Int(exactly: header)
    else {
      throw .corruptArchive(
        file: file, location: "entry `\(name)`",
        problem: "declares \(compressed) bytes at byte \(header) expanding to \(size), which no file can hold")
    }
    return EntrySizes(compressed: compressedValue, size: sizeValue, header: headerValue, disk: disk)
  }

  /// The content of the extra field with tag 1, nil where there is none.
  private func zip64Extra(in extra: Range<Int>) -> Range<Int>? {
    var position = extra.lowerBound
    while extra.upperBound - position >= 4 {
      let length = Int(field(position + 2, 2))
      guard length <= extra.upperBound - position - 4 else { return nil }
      if field(position, 2) == 1 { return (position + 4)..<(position + 4 + length) }
      position += 4 + length
    }
    return nil
  }

  private func compressionMethod(_ number: UInt64, name: String) throws(CheckpointError) -> ZipEntry.Method {
    switch number {
    case 0: return .stored
    case 8: return .deflated
    default:
      throw .unsupported(
        file: file,
        feature: "entry `\(name)` is compressed with zip method \(number), expected 0 (stored) or 8 (deflate)",
        advice: "pack the archive again, or save the checkpoint again with torch.save")
    }
  }

  /// Checks a local header against the directory and returns where the entry's bytes start.
  private func localDataOffset(
    header: Int, central: Int, flags: UInt64, nameBytes: UnsafeRawBufferPointer, name: String, sizes: EntrySizes,
    dataLimit: Int
  ) throws(CheckpointError) -> Int {
    func corrupt(_ problem: String) -> CheckpointError {
      .corruptArchive(file: file, location: "entry `\(name)`, local header at byte \(header)", problem: problem)
    }
    guard header >= 0, dataLimit >= 30, header <= dataLimit - 30, field(header, 4) == Signature.localHeader else {
      throw corrupt("no header is there")
    }
    let nameLength = Int(field(header + 26, 2))
    let extraLength = Int(field(header + 28, 2))
    guard nameLength + extraLength <= dataLimit - header - 30 else { throw corrupt("it leaves the file's data") }
    let localName = bytes[(header + 30)..<(header + 30 + nameLength)]
    guard localName.elementsEqual(nameBytes) else { throw corrupt("its name is not the directory's") }
    guard field(header + 8, 2) == field(central + 10, 2), field(header + 6, 2) & 0x2041 == 0 else {
      throw corrupt("its compression method or encryption is not the directory's")
    }
    let dataOffset = header + 30 + nameLength + extraLength
    guard sizes.compressed <= dataLimit - dataOffset else {
      throw .truncated(
        file: file, part: "entry `\(name)`", offset: dataOffset, expectedBytes: sizes.compressed,
        availableBytes: dataLimit - dataOffset)
    }
    // With a data descriptor (flag 8) the values here may be zero, the real ones following the data; the directory
    // repeats those. Without one, or where they are given, they have to be the directory's.
    let hasDescriptor = (flags | field(header + 6, 2)) & 8 != 0
    let pairs: [(local: UInt64, directory: UInt64)] = [
      (field(header + 14, 4), field(central + 16, 4)), (field(header + 18, 4), UInt64(sizes.compressed)),
      (field(header + 22, 4), UInt64(sizes.size)),
    ]
    for (local, directory) in pairs where local != directory && local != 0xffff_ffff {
      guard hasDescriptor && local == 0 else { throw corrupt("it says \(local) where the directory says \(directory)") }
    }
    return dataOffset
  }

  private func field(_ offset: Int, _ width: Int) -> UInt64 {
    bytes.littleEndian(at: offset, width: width)
  }
}
