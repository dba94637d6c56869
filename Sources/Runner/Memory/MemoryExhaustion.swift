import Glibc
import Tensor

/// A message where memory runs out that `ulimit -v` limits. Swift ends a process whose allocation failed, with a line of its own
/// and a list of calls; no code is asked before.
enum MemoryExhaustion {
  /// What the runtime says last, as C's `stderr` would show it. Our own messages do not go through that.
  private nonisolated(unsafe) static let report = UnsafeMutablePointer<CChar>.allocate(capacity: reportSize)
  private static let reportSize = 4096
  /// Made beforehand, because there is no memory later; it is kept for ever.
  private nonisolated(unsafe) static let message = strdup(text)

  private static var text: String {
    let limit = AddressSpace.limit ?? 0
    return
      "\npags-bench: the memory ran out: `ulimit -v` allows \(limit >> 10) KiB of address space, of which libraries take "
      + "\((limit - (AddressSpace.room ?? 0)) >> 10); allow more, or lower --images, --batch or --threads\n"
  }

  /// Whether a process that is about to end does so for want of memory. Libraries that trap, such as Foundation's `Data`, say
  /// nothing: then less than a quarter is free, whatever was asked for.
  private static var isCause: Bool {
    strstr(report, "failed to allocate") != nil || strstr(report, "bad_alloc") != nil
      || report.pointee == 0 && (AddressSpace.free ?? 0) < (AddressSpace.limit ?? 0) / 4
  }

  static func install() {
    guard AddressSpace.limit != nil else { return }
    report.initialize(repeating: 0, count: reportSize)
    // The address of the variable, which is set here once, before there is another thread.
    guard message != nil, let variable = dlsym(nil, "stderr"), let stream = fmemopen(report, reportSize, "w")
    else { return }
    setvbuf(stream, nil, _IONBF, 0)
    variable.assumingMemoryBound(to: UnsafeMutablePointer<FILE>.self).pointee = stream
    for number in [SIGABRT, SIGILL, SIGTRAP] {
      signal(number) { number in
        if MemoryExhaustion.isCause {
          if let message = MemoryExhaustion.message { _ = write(STDERR_FILENO, message, strlen(message)) }
          _exit(1)
        }
        _ = write(STDERR_FILENO, MemoryExhaustion.report, strlen(MemoryExhaustion.report))
        signal(number, SIG_DFL)
        raise(number)
      }
    }
  }
}
