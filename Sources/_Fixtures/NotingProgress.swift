import BenchCore
import Synchronization

/// Remembers notes.
package final class NotingProgress: ProgressReporter {
  package init() {}

  private let storage = Mutex<[String]>([])
  package var notes: [String] { storage.withLock { $0 } }
  package func begin(_ stage: String, total: Int) {}
  package func advance(by units: Int) throws {}
  package func note(_ text: String) { storage.withLock { $0.append(text) } }
}
