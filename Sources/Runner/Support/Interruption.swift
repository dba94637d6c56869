import Foundation
import Synchronization

/// Ctrl-C and a batch system's SIGTERM: the first asks the work to stop at its next step, so that files are written whole
/// or not at all; a second one ends the program at once.
enum Interruption {
  private static let requested = Atomic<Bool>(false)

  static func install() {
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        // Atomic stores and signal() are safe in a handler.
        Interruption.requested.store(true, ordering: .relaxed)
        signal(number, SIG_DFL)
      }
    }
  }

  /// - Throws: `CancellationError` once a signal has come.
  static func check() throws {
    if requested.load(ordering: .relaxed) { throw CancellationError() }
  }
}
