import Checkpoints
import Foundation

/// The folder that a site is written into: an empty or a new one, or one that holds a site already.
///
/// A file of ours is known by standing in the list `.pags-bench-site`, which is written before the first page and is shortened after
/// the last: whenever a process is killed, all pages that are there are whole and in the list. Nothing else is replaced or removed.
package struct SiteFolder {
  private static let listName = ".pags-bench-site"
  private static let heading = "pags-bench leaderboard site 1"

  package let path: String
  /// What we wrote earlier.
  private let listed: Set<String>

  /// Looks before any work.
  /// - Throws: `SiteError` where something else is there.
  package init(_ path: String) throws(SiteError) {
    self.path = path
    switch Self.kind(path) {
    case .missing: listed = []
    case .folder:
      if let list = try Self.list(in: path) {
        listed = list
      } else {
        try Self.requireEmpty(path)
        listed = []
      }
    default: throw .notAFolder(path)
    }
  }

  /// Whether every page has a place that is free, or taken by one of ours.
  /// - Throws: `SiteError`.
  package func check(_ pages: [String]) throws(SiteError) {
    guard Self.kind(path) == .folder else { return }
    var folders: Set<String> = []
    for page in pages {
      switch Self.kind("\(path)/\(page)") {
      case .missing: break
      case .file where listed.contains(page): break
      case .link: throw .symbolicLink("\(path)/\(page)")
      default: throw .strangersFile("\(path)/\(page)")
      }
      var parts = page.split(separator: "/").dropLast()
      while !parts.isEmpty, folders.insert(parts.joined(separator: "/")).inserted { parts.removeLast() }
    }
    for folder in folders.sorted() {
      switch Self.kind("\(path)/\(folder)") {
      case .missing, .folder: break
      case .link: throw .symbolicLink("\(path)/\(folder)")
      default: throw .strangersFile("\(path)/\(folder)")
      }
    }
  }

  /// Writes the pages, each whole or not at all, and then removes those that an earlier site had and this one has not.
  /// - Parameter content: of a page, by its place in `pages`; asked from several threads.
  /// - Throws: `SiteError`.
  package func write(_ pages: [String], content: @Sendable (Int) -> Data) throws(SiteError) {
    try check(pages)
    let folders = Set(pages.map { $0.split(separator: "/").dropLast().joined(separator: "/") }).sorted()
    for folder in folders { try make(folder.isEmpty ? path : "\(path)/\(folder)") }
    try writeList(listed.union(pages))
    let failure = FirstFailure()
    // The last page is what one opens: it is written when all that it links to is there.
    DispatchQueue.concurrentPerform(iterations: max(0, pages.count - 1)) { index in
      guard failure.error == nil else { return }
      do throws(SiteError) { try write(content(index), to: pages[index]) } catch { failure.keep(error) }
    }
    if let error = failure.error { throw error }
    if let last = pages.indices.last { try write(content(last), to: pages[last]) }
    remove(listed.subtracting(pages))
    try writeList(Set(pages))
  }

  private func write(_ data: Data, to page: String) throws(SiteError) {
    // Pages that are there as they should be are left alone.
    if listed.contains(page), (try? Data(contentsOf: URL(fileURLWithPath: "\(path)/\(page)"))) == data { return }
    do {
      try AtomicFile.write(data, to: "\(path)/\(page)", durably: false)
    } catch {
      throw .unwritable("\(path)/\(page)", reason: "\(error)")
    }
  }

  private func make(_ folder: String) throws(SiteError) {
    do { try Folder.make(URL(fileURLWithPath: folder)) } catch { throw .unwritable(folder, reason: "\(error)") }
  }

  private func writeList(_ pages: Set<String>) throws(SiteError) {
    try write(Data(([Self.heading] + pages.sorted()).map { $0 + "\n" }.joined().utf8), to: Self.listName)
  }

  /// Files that were in the list, and folders that became empty by it.
  private func remove(_ pages: Set<String>) {
    var folders: Set<String> = []
    for page in pages {
      guard Self.kind("\(path)/\(page)") == .file else { continue }
      unlink("\(path)/\(page)")
      let parts = page.split(separator: "/").dropLast()
      for count in parts.indices { folders.insert(parts[...count].joined(separator: "/")) }
    }
    // Deepest first; one that is not empty stays.
    for folder in folders.sorted().reversed() where Self.kind("\(path)/\(folder)") == .folder {
      rmdir("\(path)/\(folder)")
    }
  }

  // MARK: What is there

  private enum Kind { case missing, file, folder, link, other }

  private static func kind(_ path: String) -> Kind {
    var status = stat()
    guard lstat(path, &status) == 0 else { return .missing }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .folder
    // The folder itself may be a link: where it leads was chosen by whoever named it.
    case S_IFLNK: return .link
    default: return .other
    }
  }

  /// - Returns: nil where there is no list.
  private static func list(in path: String) throws(SiteError) -> Set<String>? {
    let file = "\(path)/\(listName)"
    switch kind(file) {
    case .missing: return nil
    case .file: break
    default: throw .manifest(file, reason: "is no regular file")
    }
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: file)), data.count < 1 << 28,
      let text = String(data: data, encoding: .utf8)
    else { throw .manifest(file, reason: "cannot be read as text") }
    let lines = text.split(separator: "\n").map(String.init)
    guard lines.first == heading else { throw .manifest(file, reason: "does not begin with `\(heading)`") }
    for line in lines.dropFirst() where !isPage(line) {
      throw .manifest(file, reason: "names `\(line.prefix(80))`, which is no page of a site")
    }
    return Set(lines.dropFirst())
  }

  /// Below the folder, and made of names such as ours are.
  private static func isPage(_ line: String) -> Bool {
    let parts = line.split(separator: "/", omittingEmptySubsequences: false)
    return (1...3).contains(parts.count)
      && parts.allSatisfy { part in
        !part.isEmpty && !part.hasPrefix(".") && part.utf8.count <= 120
          && part.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
              UInt8(ascii: "_"),
              UInt8(ascii: "-"):
              true
            default: false
            }
          }
      }
  }

  private static func requireEmpty(_ path: String) throws(SiteError) {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw .unreadable(path, reason: error.localizedDescription)
    }
    // What a write of the list that was killed leaves is ours.
    if let stranger = names.sorted().first(where: { !$0.hasPrefix(".\(listName)") || !$0.hasSuffix(".partial") }) {
      throw .strangersFolder(path, found: stranger)
    }
  }
}

/// The first of the errors of several threads.
private final class FirstFailure: @unchecked Sendable {
  private let lock = NSLock()
  private var kept: SiteError?

  var error: SiteError? { lock.withLock { kept } }

  func keep(_ error: SiteError) { lock.withLock { kept = kept ?? error } }
}
