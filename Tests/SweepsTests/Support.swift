import BenchCore
import Checkpoints
import Foundation
import Synchronization

@testable import Sweeps

enum SweepsTestDigest {
  static func of(_ text: String) -> String { CheckpointFile.sha256(of: Data(text.utf8)) }
}

/// A folder that is removed with the test.
final class TemporaryFolder {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("sweep-\(UUID().uuidString)")
  var sweep: SweepFolder { SweepFolder(url) }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// Every file but hidden ones, with its content.
  func files(in folder: URL? = nil) throws -> [String: Data] {
    let root = folder ?? url
    var files: [String: Data] = [:]
    for case let name as String in FileManager.default.enumerator(atPath: root.path) ?? .init() {
      if let data = try? Data(contentsOf: root.appendingPathComponent(name)) { files[name] = data }
    }
    return files
  }
}

/// A number that several threads add to.
final class Counter: Sendable {
  private let sum = Mutex(0)
  var value: Int { sum.withLock { $0 } }
  func add(_ number: Int) { sum.withLock { $0 += number } }
}
