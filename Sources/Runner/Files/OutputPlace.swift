import Foundation

/// Looks whether a file can be written before long work begins: afterwards the result would be lost, or what somebody else
/// keeps under that name.
enum OutputPlace {
  /// A file that a command reads.
  struct Input {
    /// In words, such as "the checkpoint".
    let what: String
    let path: String

    /// - Returns: nil where there is no path.
    init?(_ what: String, _ path: String?) {
      guard let path else { return nil }
      (self.what, self.path) = (what, path)
    }
  }

  /// - Parameters:
  ///   - content: what will be written; only a file with such content is replaced.
  ///   - inputs: files that are read, which are not replaced whatever they hold.
  /// - Returns: what is there and will be replaced, in words; nil where nothing is lost.
  /// - Throws: `OutputPlaceError` where the path is a folder, an input under whatever name, or a file with other content, or
  ///   the nearest folder that exists takes no files.
  @discardableResult
  static func check(_ url: URL, as content: OutputContent, apartFrom inputs: [Input?] = []) throws -> String? {
    let path = url.path
    var replaced: String?
    if let present = FileIdentity(path) {
      if present.isFolder { throw OutputPlaceError.isFolder(path) }
      if let input = inputs.compactMap({ $0 }).first(where: { FileIdentity($0.path) == present }) {
        throw OutputPlaceError.isInput(path, what: input.what, input: input.path)
      }
      guard present.isRegular else { throw OutputPlaceError.isSpecial(path) }
      // An empty file, as `mktemp` makes one, is a place that somebody took for this.
      if present.bytes > 0 {
        guard let found = content.recognise(url) else {
          throw OutputPlaceError.otherContent(path, expected: content.words)
        }
        replaced = found.isEmpty ? nil : found
      }
    }
    try checkFolder(of: url)
    return replaced
  }

  /// Looks whether a folder can be made, or takes files where it is there.
  /// - Throws: `OutputPlaceError`.
  static func checkFolder(_ folder: URL) throws {
    if let present = FileIdentity(folder.path), !present.isFolder {
      throw OutputPlaceError.notAFolder(folder.path, file: folder.path)
    }
    try checkFolder(of: folder.appendingPathComponent("any"), named: folder.path)
  }

  private static func checkFolder(of url: URL, named name: String? = nil) throws {
    let manager = FileManager.default
    var isFolder: ObjCBool = false
    var folder = url.standardizedFileURL.deletingLastPathComponent()
    while !manager.fileExists(atPath: folder.path, isDirectory: &isFolder), folder.path != "/" {
      folder.deleteLastPathComponent()
    }
    let file = name ?? url.path
    guard isFolder.boolValue else { throw OutputPlaceError.notAFolder(folder.path, file: file) }
    // Asking is not enough: some file systems say yes and mean no.
    let probe = folder.appendingPathComponent(".pags-bench-\(UUID().uuidString)")
    guard manager.createFile(atPath: probe.path, contents: nil) else {
      throw OutputPlaceError.notWritable(folder.path, file: file)
    }
    try? manager.removeItem(at: probe)
  }
}

/// Which file a path means: the same for all of its names, symbolic and hard links among them.
struct FileIdentity: Equatable {
  private let device: UInt64
  private let node: UInt64
  let isFolder: Bool
  let isRegular: Bool
  let bytes: Int

  /// - Returns: nil where there is nothing.
  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    device = UInt64(truncatingIfNeeded: status.st_dev)
    node = UInt64(truncatingIfNeeded: status.st_ino)
    isFolder = status.st_mode & S_IFMT == S_IFDIR
    isRegular = status.st_mode & S_IFMT == S_IFREG
    bytes = Int(status.st_size)
  }
}

enum OutputPlaceError: Error, CustomStringConvertible {
  case isFolder(String)
  case isInput(String, what: String, input: String)
  case isSpecial(String)
  case otherContent(String, expected: String)
  case notAFolder(String, file: String)
  case notWritable(String, file: String)

  var description: String {
    switch self {
    case .isFolder(let path): "\(path): is a folder; --output and --outputs take the path of a file"
    case .isInput(let path, let what, let input):
      "\(path): is \(what) that is read\(path == input ? "" : " (\(input)) under another name"), and would be replaced by what is "
        + "written; choose another place to write to"
    case .isSpecial(let path): "\(path): is a device, a pipe or a socket; expected the path of a file to write"
    case .otherContent(let path, let expected):
      "\(path): is there already and is not \(expected), which alone is replaced; choose another place to write to, or remove it"
    case .notAFolder(let path, let file): "\(file): cannot be written: \(path) is a file, not a folder"
    case .notWritable(let folder, let file): "\(file): cannot be written: no file can be made in \(folder)"
    }
  }
}
