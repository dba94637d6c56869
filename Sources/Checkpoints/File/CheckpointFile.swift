import Crypto
import Foundation
import Text

/// A checkpoint's bytes, memory-mapped, with the digest it is known by.
public struct CheckpointFile: Sendable {
  public let url: URL
  /// The whole file, memory-mapped; its indices start at 0.
  public let data: Data
  /// The last component of the path; error messages start with it.
  public let name: String
  /// SHA-256 of the content, 64 lower-case hexadecimal digits.
  public let sha256: String

  public var byteCount: Int { data.count }

  /// Maps a regular file and computes its digest.
  /// - Throws: `CheckpointError.cannotOpen` for directories, pipes, devices, empty and unreadable files.
  public static func open(_ path: String) throws(CheckpointError) -> CheckpointFile {
    CheckpointFile(name: path, data: try FileMapping.map(path))
  }

  /// Maps a file whose content carries a digest of its own; `sha256` is empty.
  /// - Throws: as `open`.
  public static func openWithoutDigest(_ path: String) throws(CheckpointError) -> CheckpointFile {
    CheckpointFile(url: URL(fileURLWithPath: path), data: try FileMapping.map(path), sha256: "")
  }

  /// Bytes that are already in memory, as if they had been read from a file called `name`.
  public init(name: String, data: Data) {
    self.init(url: URL(fileURLWithPath: name), data: data, sha256: Self.sha256(of: data))
  }

  private init(url: URL, data: Data, sha256: String) {
    self.url = url
    self.data = data
    name = url.lastPathComponent
    self.sha256 = sha256
  }

  /// SHA-256 of `data` in lower-case hexadecimal, read in pieces so that a mapped file is never resident as a whole
  /// on account of its digest.
  public static func sha256(of data: Data) -> String {
    var hash = SHA256()
    data.withUnsafeBytes { bytes in
      var offset = 0
      while offset < bytes.count {
        let end = min(offset + 1 << 20, bytes.count)
        hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[offset..<end]))
        offset = end
      }
    }
    return hash.finalize().hexadecimal
  }
}
