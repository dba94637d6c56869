import BenchCore
import Foundation

/// Result files that a user names.
enum ResultFiles {
  static func under(_ paths: [String]) throws -> [URL] { try paths.flatMap { try under($0) } }

  /// The file itself, or the result files of a folder with samples beside them, in order of their paths.
  static func under(_ path: String) throws -> [URL] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw ResultFilesError.missing(path)
    }
    guard isFolder.boolValue else { return [URL(fileURLWithPath: path)] }
    let root = URL(fileURLWithPath: path)
    let names = (FileManager.default.enumerator(atPath: path)?.allObjects ?? []).compactMap { $0 as? String }
    return names.filter { $0.hasSuffix(".json") }.sorted().map { root.appendingPathComponent($0) }
      .filter { FileManager.default.fileExists(atPath: SampleFile.url(beside: $0).path) }
  }
}

/// Why there is no result to read.
enum ResultFilesError: Error, CustomStringConvertible {
  case missing(String)

  var description: String {
    switch self {
    case .missing(let path):
      "\(path): there is no such file or folder; expected results of `evaluate`, or folders of them"
    }
  }
}
