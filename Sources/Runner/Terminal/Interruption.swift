import Foundation
import Synchronization

/// Ctrl-C and a batch system's SIGTERM: the first asks the work to stop at its next step, so that files are written whole
/// or not at all; a second one ends the program at once, as half a minute does in which no step came.
enum Interruption {
  private static let requested = Atomic<Bool>(false)

  /// In seconds.
  private static let patience: UInt32 = 30

  static func install() {
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        // Atomic stores, signal() and alarm() are safe in a handler.
        Interruption.requested.store(true, ordering: .relaxed)
        signal(number, SIG_DFL)
        alarm(Interruption.patience)
      }
    }
    // A parent may have started this process from a thread that blocks them.
    var numbers = sigset_t()
    sigemptyset(&numbers)
    sigaddset(&numbers, SIGINT)
    sigaddset(&numbers, SIGTERM)
    pthread_sigmask(SIG_UNBLOCK, &numbers, nil)
  }

  /// - Throws: `CancellationError` once a signal has come.
  static func check() throws {
    if requested.load(ordering: .relaxed) { throw CancellationError() }
  }
}
