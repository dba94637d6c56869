import ArgumentParser
import BenchCore
import Foundation
import Plugins

/// `--cache`, of every command that keeps what is computed or fetched once.
struct CacheFolderOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Folder for what is computed once. (default: PAGS_BENCH_CACHE or ~/.cache/pags-bench)", valueName: "dir"),
    completion: .directory)
  var cache: String?

  var folder: URL { CacheFolder.locate(cache) }
}

/// `--cache` and `--no-cache`: where what is computed once is kept. No number depends on it.
struct CacheOptions: ParsableArguments {
  @OptionGroup var place: CacheFolderOption

  @Flag(help: "Compute everything, keep nothing.")
  var noCache = false

  func validate() throws {
    guard !noCache || place.cache == nil else { throw ValidationError("--cache and --no-cache exclude each other") }
  }

  /// Nil where nothing is to be kept.
  var folder: URL? { noCache ? nil : place.folder }

  /// What evaluations share, with other processes where anything is kept.
  var shared: SharedArrays { CacheFolder.shared(in: folder) }
}

/// The folder that everything computed once is kept in.
enum CacheFolder {
  /// `--cache`, `PAGS_BENCH_CACHE`, or where the system keeps such files for this user.
  static func locate(_ given: String?) -> URL {
    let environment = ProcessInfo.processInfo.environment
    func folder(_ variable: String) -> URL? {
      environment[variable].flatMap { $0.isEmpty ? nil : URL(fileURLWithPath: $0) }
    }
    return given.map { URL(fileURLWithPath: $0) } ?? folder("PAGS_BENCH_CACHE")
      ?? folder("XDG_CACHE_HOME")?.appendingPathComponent("pags-bench")
      ?? URL(fileURLWithPath: NSHomeDirectory()).appendingPathComponent(".cache/pags-bench")
  }

  /// Numbers of references in the part of the folder that is theirs.
  /// - Parameter folder: nil to share within this process only.
  static func shared(in folder: URL?) -> SharedArrays {
    SharedArrays(
      archive: folder.map { ArrayFiles(directory: references(in: $0), toolVersion: PagsBench.version) })
  }

  static func references(in folder: URL) -> URL { folder.appendingPathComponent("references") }
}
