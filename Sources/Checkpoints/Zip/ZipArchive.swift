import Compression
import Foundation
import Text

/// A zip archive (PKWARE APPNOTE 6.3) as checkpoints use it: stored and deflated entries, ZIP64, data descriptors.
///
/// The central directory is the authority; every local header must agree with it. Encrypted, multi-disk, overlapping
/// and duplicate entries, and other compression methods, are refused, so that no two readers can see different files.
struct ZipArchive: Sendable {
  let file: String
  let entries: [ZipEntry]
  private let data: Data
  private let indexByName: [String: Int]

  /// Reads and checks the directory; entries' contents are read and checked when asked for.
  init(_ data: Data, file: String) throws(CheckpointError) {
    self.data = data
    self.file = file
    let region = ByteRegion(data)
    entries = try region.withBytes { (bytes) throws(CheckpointError) in
      let directory = ZipDirectory(bytes: bytes, file: file)
      return try directory.entries(at: directory.locate())
    }
    var indices: [String: Int] = [:]
    for (index, entry) in entries.enumerated() {
      guard indices.updateValue(index, forKey: entry.name) == nil else {
        throw .corruptArchive(file: file, location: "entry `\(entry.name)`", problem: "occurs twice, expected once")
      }
    }
    indexByName = indices
  }

  func entry(named name: String) -> ZipEntry? { indexByName[name].map { entries[$0] } }

  /// The content of an entry, its CRC-32 checked: a part of the mapped file if stored, new memory if deflated.
  /// - Parameter budget: what deflated entries may still take; reduced by this one.
  func contents(of entry: ZipEntry, budget: inout InflationBudget) throws(CheckpointError) -> ByteRegion {
    let compressed = ByteRegion(data, offset: entry.dataOffset, count: entry.compressedSize)
    let region: ByteRegion
    switch entry.method {
    case .stored: region = compressed
    case .deflated:
      guard budget.spend(entry.size) else {
        throw .limitExceeded(
          file: file, location: "entry `\(entry.name)`", quantity: "the size of the expanded entries up to here",
          value: "\(budget.used) + \(entry.size) bytes", limit: budget.limit)
      }
      do {
        region = ByteRegion(
          try Deflate.inflate(compressed.bytes, declaredSize: entry.size, source: "entry `\(entry.name)`"))
      } catch {
        throw .corruptArchive(
          file: file, location: "entry `\(entry.name)` at byte \(entry.headerOffset)", problem: "\(error)")
      }
    }
    let crc = try region.withBytes { (bytes) throws(CheckpointError) in
      let checksum = CRC32.checksum(bytes)
      FileMapping.release(bytes)
      return checksum
    }
    guard crc == entry.crc32 else {
      throw .corruptArchive(
        file: file, location: "entry `\(entry.name)` at byte \(entry.headerOffset)",
        problem: "its content has CRC-32 \(crc.hexadecimal), expected \(entry.crc32.hexadecimal)")
    }
    return region
  }
}
