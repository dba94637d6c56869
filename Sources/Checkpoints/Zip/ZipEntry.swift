/// One file in a zip archive, as the central directory declares it and as its local header was checked to agree.
struct ZipEntry: Sendable {
  enum Method: Sendable { case stored, deflated }

  let name: String
  let method: Method
  let crc32: UInt32
  let compressedSize: Int
  let size: Int
  /// Where the local header starts in the file.
  let headerOffset: Int
  /// Where the entry's bytes start in the file.
  let dataOffset: Int

  var dataEnd: Int { dataOffset + compressedSize }
}
