import Foundation

/// A range of bytes inside a larger buffer, usually the memory-mapped file; copying one copies no bytes.
struct ByteRegion: Sendable {
  let data: Data
  /// Start of the region, counted from the start of `data` (not a `Data` index).
  let offset: Int
  let count: Int

  /// All of `data`.
  init(_ data: Data) {
    self.data = data
    offset = 0
    count = data.count
  }

  /// - Precondition: the range lies inside `data`; readers check sizes from files before they come here.
  init(_ data: Data, offset: Int, count: Int) {
    precondition(offset >= 0 && count >= 0 && count <= data.count && offset <= data.count - count)
    self.data = data
    self.offset = offset
    self.count = count
  }

  /// The part `offset ..< offset + count` of this region, or nil where that is not inside it.
  func part(offset start: Int, count length: Int) -> ByteRegion? {
    guard start >= 0, length >= 0, length <= count, start <= count - length else { return nil }
    return ByteRegion(data, offset: offset + start, count: length)
  }

  /// The region's bytes as data of their own indices (sharing memory).
  var bytes: Data {
    data[(data.startIndex + offset)..<(data.startIndex + offset + count)]
  }

  /// Calls `body` with the bytes. A typed error cannot pass through `Data.withUnsafeBytes`, so it travels as a result.
  func withBytes<Success>(
    _ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> Success
  ) throws(CheckpointError) -> Success {
    let result = data.withUnsafeBytes { (all: UnsafeRawBufferPointer) -> Result<Success, CheckpointError> in
      let buffer = UnsafeRawBufferPointer(rebasing: all[offset..<(offset + count)])
      return Result { () throws(CheckpointError) in try body(buffer) }
    }
    return try result.get()
  }
}

extension UnsafeRawBufferPointer {
  /// The little-endian unsigned integer of `width` bytes (1 to 8) at `offset`.
  /// - Precondition: the bytes exist.
  func littleEndian(at offset: Int, width: Int) -> UInt64 {
    precondition(offset >= 0 && width <= 8 && offset <= count - width)
    var value: UInt64 = 0
    for index in 0..<width {
      value |= UInt64(self[offset + index]) << UInt64(8 * index)
    }
    return value
  }
}
