import Foundation

/// Finding and reading the files of a data set.
enum DatasetFiles {
  /// The first of `directories` that exists, below `root`.
  static func directory(_ root: URL, subfolders: [String], containing names: [String]) throws(DatasetError) -> URL {
    guard isFolder(root) else { throw .notADirectory(path: root.path) }
    for candidate in [root] + subfolders.map(root.appendingPathComponent)
    where names.contains(where: { exists(candidate.appendingPathComponent($0)) }) {
      return candidate
    }
    throw .missingFile(directory: root.path, expected: names, found: listing(of: root))
  }

  /// The folder of a file that is one of the data set's own, which names it as well as the folder does; else the place itself.
  static func folder(of place: URL, whereFiles names: [String]) -> URL {
    names.contains(place.lastPathComponent) && exists(place) ? place.deletingLastPathComponent() : place
  }

  /// The first of `names` that exists in `directory`.
  static func locate(_ names: [String], in directory: URL) throws(DatasetError) -> URL {
    for name in names where exists(directory.appendingPathComponent(name)) {
      return directory.appendingPathComponent(name)
    }
    throw .missingFile(directory: directory.path, expected: names, found: listing(of: directory))
  }

  /// The bytes of a file, mapped where possible.
  static func read(_ file: URL) throws(DatasetError) -> Data {
    do {
      return try Data(contentsOf: file, options: .mappedIfSafe)
    } catch {
      throw .unreadable(file: file.lastPathComponent, reason: error.localizedDescription)
    }
  }

  /// How many names messages list.
  static let listed = 6

  /// What is in a folder, for messages: the first names of those that are not hidden.
  static func listing(of directory: URL) -> [String] {
    let names = names(in: directory)
    return names.count <= listed ? names : names.prefix(listed) + ["\(names.count - listed) more"]
  }

  /// Of what is not hidden, sorted; empty where the folder cannot be read.
  static func names(in directory: URL) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []).filter { !$0.hasPrefix(".") }
      .sorted()
  }

  /// Whether there is a file; a folder of that name is none.
  static func exists(_ file: URL) -> Bool {
    FileManager.default.fileExists(atPath: file.path) && !isFolder(file)
  }

  static func isFolder(_ place: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder) && isFolder.boolValue
  }
}
