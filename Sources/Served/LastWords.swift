import Dispatch
import Foundation
import Synchronization
import Text

/// Reads a program's standard error to its end, so that no flood can stop the program, and keeps the last of it.
package final class LastWords: Sendable {
  static let keptBytes = 4096
  private static let shownLines = 20

  private let tail = Mutex<[UInt8]>([])
  private let ended = DispatchSemaphore(value: 0)

  /// - Parameter descriptor: closed here, at its end.
  init(reading descriptor: Int32) {
    // A thread, because its reads block.
    let thread = Thread { [self] in
      var buffer = [UInt8](repeating: 0, count: 65_536)
      while true {
        let count = read(descriptor, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        keep(buffer[..<count])
      }
      close(descriptor)
      ended.signal()
    }
    thread.stackSize = 1 << 19
    thread.start()
  }

  /// What was kept, as lines without control characters: a terminal would obey them.
  /// - Parameter limit: how long to wait for the end.
  package func text(waiting limit: Duration) -> String {
    if ended.wait(timeout: .now() + limit / .seconds(1)) == .success { ended.signal() }
    let (bytes, isCut) = tail.withLock { ($0, $0.count == Self.keptBytes) }
    let text = Self.printable(String(decoding: bytes, as: UTF8.self))
    // The first line is a part of one where something was dropped.
    var lines = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces).isEmpty ? "" : String($0) }
    lines.removeAll(where: \.isEmpty)
    if isCut, lines.count > 1 { lines.removeFirst() }
    return lines.suffix(Self.shownLines).joined(separator: "\n")
  }

  /// With one kind of line break; the rest as `PlainText` does it.
  static func printable(_ text: String) -> String {
    PlainText.printable(text.replacing("\r\n", with: "\n").replacing("\r", with: "\n"))
  }

  private func keep(_ bytes: ArraySlice<UInt8>) {
    tail.withLock { tail in
      tail.append(contentsOf: bytes.suffix(Self.keptBytes))
      tail.removeFirst(max(0, tail.count - Self.keptBytes))
    }
  }
}
