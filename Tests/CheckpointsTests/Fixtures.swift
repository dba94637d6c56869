import Foundation

@testable import Checkpoints

/// Files that tests read.
enum Fixtures {
  private static let packageRoot = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static let directory = packageRoot.appendingPathComponent("Tests/Fixtures/checkpoints")

  static func open(_ name: String) throws -> CheckpointFile {
    try CheckpointFile.open(directory.appendingPathComponent(name).path)
  }

  static func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: directory.appendingPathComponent(name))
  }

  /// The lines of a table, split at tabs.
  static func rows(_ name: String) throws -> [[String]] {
    try String(contentsOf: directory.appendingPathComponent(name), encoding: .utf8)
      .split(separator: "\n").map { $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
  }

  /// `../shared` beside the package, or beside the folder of its worktrees; nil on other machines.
  static let shared: URL? = ["../shared", "../../shared"]
    .map { packageRoot.appendingPathComponent($0).standardizedFileURL }
    .first { FileManager.default.fileExists(atPath: $0.appendingPathComponent("models").path) }

  static func sizes(_ text: String) -> [Int] {
    text.split(separator: ",").compactMap { Int($0) }
  }

  /// A new empty directory; the caller removes it.
  static func temporaryDirectory() throws -> URL {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("checkpoints-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url
  }

  /// What reading `data` as a checkpoint throws, nil where it is read.
  static func failure(_ data: Data, name: String = "test.ckpt") -> CheckpointError? {
    do {
      // Values are part of reading: a damaged file may only show when they are asked for.
      for tensor in try CheckpointReader.stateDict(of: CheckpointFile(name: name, data: data)).tensors {
        _ = try tensor.floats()
      }
      return nil
    } catch { return error }
  }
}
