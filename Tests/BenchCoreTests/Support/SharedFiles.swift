import Foundation

/// Files handed over beside the repository, which tests may read and must do without.
enum SharedFiles {
  static let packageRoot = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// `../shared/<path>`, from the repository or from a work tree beside it; nil where it is absent.
  static func url(_ path: String) -> URL? {
    [packageRoot, packageRoot.deletingLastPathComponent()]
      .map { $0.deletingLastPathComponent().appendingPathComponent("shared").appendingPathComponent(path) }
      .first { FileManager.default.fileExists(atPath: $0.path) }
  }
}
