import Foundation
import JSON

/// The folder `leaderboard/`: result files under `results/<task>/<model-id>.json`, and `leaderboard.json` made of them.
public struct Leaderboard: Sendable {
  public let directory: URL

  public init(directory: URL) {
    self.directory = directory
  }

  public var documentURL: URL { directory.appendingPathComponent("leaderboard.json") }

  /// `results/<task>/<model-id>.json`.
  public static func resultPath(of result: EvaluationResult) -> String {
    "results/\(result.task.id)/\(result.model.id).json"
  }

  public func resultURL(of result: EvaluationResult) -> URL {
    directory.appendingPathComponent(Self.resultPath(of: result))
  }

  /// The bytes of `leaderboard.json`. They depend on the result files' contents alone.
  /// - Throws: JSON's errors and `ResultError` for a file that is not a valid result or not in its place.
  public func build() throws -> Data {
    let results = try resultPaths().map { path in
      let result = try ResultFile.read(directory.appendingPathComponent(path))
      guard Self.resultPath(of: result) == path else {
        throw ResultError.misplaced(file: path, expected: Self.resultPath(of: result))
      }
      guard result.task.hasOwnReferences else { throw ResultError.otherReferences(file: path) }
      return result
    }
    return try JSONEncoding.encode(LeaderboardDocument(results))
  }

  /// Builds `leaderboard.json` and writes it where it differs from what is there.
  /// - Returns: whether it differed.
  @discardableResult
  public func refresh() throws -> Bool {
    try exclusively {
      let data = try build()
      guard (try? Data(contentsOf: documentURL)) != data else { return false }
      try ResultFile.write(data, to: documentURL)
      return true
    }
  }

  /// Writes a result to its place and refreshes `leaderboard.json`.
  /// - Throws: `ResultError.otherReferences` for a result that cannot be compared with the others.
  public func add(_ result: EvaluationResult) throws {
    guard result.task.hasOwnReferences else {
      throw ResultError.otherReferences(file: Self.resultPath(of: result))
    }
    try ResultFile.write(result, to: resultURL(of: result))
    try refresh()
  }

  /// Runs `body` while no other process does the same on this folder: jobs of a cluster finish at the same moment, and the
  /// last to write `leaderboard.json` must have seen every result.
  private func exclusively<Value>(_ body: () throws -> Value) throws -> Value {
    try? FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let descriptor = open(directory.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw ResultError.unwritable(file: directory.path, reason: String(cString: strerror(errno)))
    }
    // Closing releases the lock. A file system without locks must not keep anybody from building.
    defer { close(descriptor) }
    flock(descriptor, LOCK_EX)
    return try body()
  }

  /// All JSON files under `results/`, relative to the leaderboard's folder, sorted.
  /// - Throws: `ResultError.unreadable` for a folder that exists and cannot be listed.
  func resultPaths() throws -> [String] {
    let manager = FileManager.default
    let results = directory.appendingPathComponent("results")
    guard manager.fileExists(atPath: results.path) else { return [] }
    var paths: [String] = []
    for task in try contents(of: results) where isFolder(results.appendingPathComponent(task)) {
      for file in try contents(of: results.appendingPathComponent(task)) where file.hasSuffix(".json") {
        paths.append("results/\(task)/\(file)")
      }
    }
    return paths.sorted()
  }

  /// Names of what is in a folder, but for hidden files.
  private func contents(of folder: URL) throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { !$0.hasPrefix(".") }
    } catch {
      throw ResultError.unreadable(file: folder.path, reason: error.localizedDescription)
    }
  }

  private func isFolder(_ url: URL) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) && isDirectory.boolValue
  }
}
