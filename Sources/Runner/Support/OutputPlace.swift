import Foundation

/// Looks whether a file can be written before long work begins whose result would be lost.
enum OutputPlace {
  /// - Throws: `OutputPlaceError` where the path is a folder, or the nearest folder that exists takes no files.
  static func check(_ url: URL) throws {
    let manager = FileManager.default
    var isFolder: ObjCBool = false
    if manager.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue {
      throw OutputPlaceError.isFolder(url.path)
    }
    var folder = url.standardizedFileURL.deletingLastPathComponent()
    while !manager.fileExists(atPath: folder.path, isDirectory: &isFolder), folder.path != "/" {
      folder.deleteLastPathComponent()
    }
    guard isFolder.boolValue else { throw OutputPlaceError.notAFolder(folder.path, file: url.path) }
    // Asking is not enough: some file systems say yes and mean no.
    let probe = folder.appendingPathComponent(".pags-bench-\(UUID().uuidString)")
    guard manager.createFile(atPath: probe.path, contents: nil) else {
      throw OutputPlaceError.notWritable(folder.path, file: url.path)
    }
    try? manager.removeItem(at: probe)
  }
}

enum OutputPlaceError: Error, CustomStringConvertible {
  case isFolder(String)
  case notAFolder(String, file: String)
  case notWritable(String, file: String)

  var description: String {
    switch self {
    case .isFolder(let path): "\(path): is a folder; --output and --outputs take the path of a file"
    case .notAFolder(let path, let file): "\(file): cannot be written: \(path) is a file, not a folder"
    case .notWritable(let folder, let file): "\(file): cannot be written: no file can be made in \(folder)"
    }
  }
}
