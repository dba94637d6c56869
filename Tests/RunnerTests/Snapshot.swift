import Foundation
import Testing

/// Texts that are read before they are committed: `PAGS_BENCH_RECORD=1 swift test --filter SUITE` writes them anew.
enum Snapshot {
  /// Compares a text with the file of this name under `Snapshots`.
  static func expect(_ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) {
    let file = RealBinary.package.appendingPathComponent("Tests/RunnerTests/Snapshots/\(name).txt")
    if ProcessInfo.processInfo.environment["PAGS_BENCH_RECORD"] != nil {
      try? FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try? text.write(to: file, atomically: true, encoding: .utf8)
    }
    let expected = try? String(contentsOf: file, encoding: .utf8)
    #expect(text == expected, "\(name) differs from its snapshot, or there is none", sourceLocation: sourceLocation)
  }
}
