import Foundation

/// Where the project's own files are: `models/`, `leaderboard/`.
public struct ProjectFiles: Sendable {
  /// The folder that holds `models/known`.
  public let root: URL

  public init(root: URL) { self.root = root }

  /// Looks at `PAGS_BENCH_ROOT` (set by the launcher), then upward from the working directory, then from the program.
  public static func locate(
    environment: [String: String] = ProcessInfo.processInfo.environment,
    workingDirectory: String = FileManager.default.currentDirectoryPath,
    program: String = CommandLine.arguments.first ?? ""
  ) -> ProjectFiles? {
    if let given = environment["PAGS_BENCH_ROOT"], !given.isEmpty {
      return ProjectFiles(root: URL(fileURLWithPath: given))
    }
    let programFolder = URL(fileURLWithPath: program).resolvingSymlinksInPath().deletingLastPathComponent()
    for start in [URL(fileURLWithPath: workingDirectory), programFolder] {
      var folder = start.standardizedFileURL
      while folder.path != "/" {
        if FileManager.default.fileExists(atPath: folder.appendingPathComponent("models/known").path) {
          return ProjectFiles(root: folder)
        }
        folder.deleteLastPathComponent()
      }
    }
    return nil
  }

  public var models: URL { root.appendingPathComponent("models") }
  /// The committed one, which `submit` changes.
  public var leaderboard: URL { root.appendingPathComponent("leaderboard") }
  /// Whoever works here has one of their own, which is not committed: what `evaluate` writes to.
  public var ownLeaderboard: URL { leaderboard.appendingPathComponent(Leaderboard.ownFolder) }
}
