import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

package enum Folder {
  /// Makes a folder where it is missing, and those above it.
  /// - Throws: `CheckpointError.cannotWrite`, naming the part of the path where it failed.
  package static func make(_ url: URL) throws(CheckpointError) {
    var part = ""
    for component in url.path.split(separator: "/") {
      part += "/\(component)"
      // Asked first: a part that is there may lie in a folder where none can be made.
      if try isFolder(part, of: url) { continue }
      // Another process may have made it since.
      guard mkdir(part, 0o777) == 0 || errno == EEXIST else {
        throw .cannotWrite(file: url.path, reason: "\(part): \(FileMapping.systemMessage())")
      }
    }
  }

  /// - Throws: where something else is there.
  private static func isFolder(_ path: String, of url: URL) throws(CheckpointError) -> Bool {
    var status = stat()
    guard stat(path, &status) == 0 else { return false }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw .cannotWrite(file: url.path, reason: "\(path) is a file, not a folder")
    }
    return true
  }
}
