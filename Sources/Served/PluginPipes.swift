import CMemoryFile
import Foundation

/// The runner's ends of a plugin's standard input and output, read and written with a time limit.
///
/// One thread at a time writes, and one reads.
package final class PluginPipes {
  package enum Problem: Error {
    case timedOut
    /// The other side has closed its end.
    case ended
    /// The plugin wrote while it was still being written to.
    case interjection
    case system(call: String, reason: String)
  }

  private let input: Int32
  private let output: Int32
  private var inputIsOpen = true
  /// Whether the plugin's process is no more: its children may hold the pipes open after it.
  private let hasEnded: () -> Bool

  /// - Parameters: both are closed with this object.
  init(input: Int32, output: Int32, hasEnded: @escaping () -> Bool) {
    self.input = input
    self.output = output
    self.hasEnded = hasEnded
    for descriptor in [input, output] { _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) }
    // Fewer turns for large tensors; where the system refuses, the usual 64 KiB do as well.
    for descriptor in [input, output] { _ = pipe_set_capacity(descriptor, 1 << 20) }
  }

  deinit {
    closeInput()
    _ = Foundation.close(output)
  }

  /// What a plugin takes as the end of its work.
  func closeInput() {
    if inputIsOpen { _ = Foundation.close(input) }
    inputIsOpen = false
  }

  /// - Throws: `Problem`, and what `check` throws.
  func write(_ bytes: UnsafeRawBufferPointer, by deadline: ContinuousClock.Instant, _ check: () throws -> Void) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      guard .now < deadline else { throw Problem.timedOut }
      let count = SignalFreeWrite.write(input, UnsafeRawBufferPointer(rebasing: rest))
      if count > 0 {
        rest = rest.dropFirst(count)
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN:
        // An answer before the question's end is an error report or not of this protocol.
        let ready = try wait([(input, POLLOUT), (output, POLLIN)], by: deadline, check)
        if ready[1] & Int16(POLLIN) != 0 { throw Problem.interjection }
        // Its end of the output is closed, and it does not read either.
        if ready[0] == 0 { throw Problem.ended }
      case EPIPE: throw Problem.ended
      default: throw Problem.system(call: "write", reason: String(cString: strerror(errno)))
      }
    }
  }

  /// Fills `buffer`.
  /// - Throws: `Problem`, and what `check` throws.
  func read(
    into buffer: UnsafeMutableRawBufferPointer, by deadline: ContinuousClock.Instant, _ check: () throws -> Void
  ) throws {
    var filled = 0
    while filled < buffer.count {
      filled += try readSome(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]), by: deadline, check)
    }
  }

  /// - Returns: how many bytes came, at least one.
  func readSome(
    into buffer: UnsafeMutableRawBufferPointer, by deadline: ContinuousClock.Instant, _ check: () throws -> Void
  ) throws -> Int {
    while true {
      // A trickle of bytes must not get around the limit.
      guard .now < deadline else { throw Problem.timedOut }
      let count = Foundation.read(output, buffer.baseAddress, buffer.count)
      if count > 0 { return count }
      guard count < 0 else { throw Problem.ended }
      switch errno {
      case EINTR: continue
      case EAGAIN: _ = try wait([(output, POLLIN)], by: deadline, check)
      default: throw Problem.system(call: "read", reason: String(cString: strerror(errno)))
      }
    }
  }

  /// Waits in slices, so that Ctrl-C and the program's end are noticed.
  private func wait(
    _ wanted: [(descriptor: Int32, events: Int32)], by deadline: ContinuousClock.Instant, _ check: () throws -> Void
  ) throws -> [Int16] {
    var entries = wanted.map { pollfd(fd: $0.descriptor, events: Int16($0.events), revents: 0) }
    while true {
      try check()
      let left = (deadline - .now) / .milliseconds(1)
      guard left > 0 else { throw Problem.timedOut }
      let count = poll(&entries, nfds_t(entries.count), Int32(min(100, left.rounded(.up))))
      if count > 0 { return entries.map(\.revents) }
      if count < 0, errno != EINTR { throw Problem.system(call: "poll", reason: String(cString: strerror(errno))) }
      // What it wrote at the end is still read.
      if hasEnded(), poll(&entries, nfds_t(entries.count), 0) <= 0 { throw Problem.ended }
    }
  }
}

/// write(2) to a pipe that answers EPIPE instead of ending the process, without changing what SIGPIPE means to the rest of it.
private enum SignalFreeWrite {
  static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    var pipeSignal = sigset_t()
    sigemptyset(&pipeSignal)
    sigaddset(&pipeSignal, SIGPIPE)
    var before = sigset_t()
    pthread_sigmask(SIG_BLOCK, &pipeSignal, &before)
    let count = Foundation.write(descriptor, bytes.baseAddress, bytes.count)
    let reason = errno
    if count < 0, reason == EPIPE {
      // The signal waits for this thread: taken away before it is let through.
      var none = timespec()
      while sigtimedwait(&pipeSignal, nil, &none) < 0, errno == EINTR {}
    }
    pthread_sigmask(SIG_SETMASK, &before, nil)
    errno = reason
    return count
  }
}
