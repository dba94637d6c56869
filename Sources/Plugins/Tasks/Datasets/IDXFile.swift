import Compression
import Foundation

/// The IDX format of the MNIST files: a big-endian magic number 0x00000800 + (type 0x08: unsigned byte) << 8 + rank,
/// one 32-bit extent per axis, then the bytes in row-major order.
///
/// Plain or gzipped, told apart by content, whatever the file is called.
struct IDXFile {
  /// Extents, outermost first.
  let extents: [Int]
  let bytes: [UInt8]

  /// More than ten times the largest file of this kind (70,000 images of 28 x 28).
  static let largestFile = 1 << 30

  /// - Parameters:
  ///   - data: the file's content.
  ///   - source: the file's name, for errors.
  ///   - rank: how many axes it must have.
  /// - Throws: `DatasetError`, `CompressionError`.
  init(_ data: Data, source: String, rank: Int) throws {
    let content =
      Gzip.isGzip(data) ? try Gzip.inflate(data, source: source, maximumBytes: IDXFile.largestFile) : data
    let headerBytes = 4 + 4 * rank
    guard content.count >= headerBytes else {
      throw DatasetError.headerTruncated(file: source, expectedBytes: headerBytes, actualBytes: content.count)
    }
    let words = (0...rank).map { word in
      content.dropFirst(4 * word).prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }
    let magic = 0x0000_0800 + UInt32(rank)
    guard words[0] == magic else {
      throw DatasetError.wrongMagic(
        file: source, expected: magic, actual: words[0], what: "IDX, unsigned bytes, \(rank) axes")
    }
    extents = words.dropFirst().map(Int.init)
    var count = 1
    for extent in extents {
      // Extents are 32-bit, so two of them cannot overflow, but three can.
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard extent > 0, !overflow, product <= IDXFile.largestFile else {
        throw DatasetError.absurdHeader(file: source, reason: "declares extents \(extents)")
      }
      count = product
    }
    guard content.count == headerBytes + count else {
      throw DatasetError.wrongLength(
        file: source, expectedBytes: headerBytes + count, actualBytes: content.count)
    }
    bytes = [UInt8](content.dropFirst(headerBytes))
  }
}
