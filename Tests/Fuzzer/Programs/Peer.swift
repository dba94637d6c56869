import Foundation

/// The other side of the plugin protocol, in a process of its own: one recorded answer for each request, whatever that says.
enum Peer {
  static let option = "--peer"

  static func run(_ folder: URL) {
    var number = 0
    while readRequest() {
      guard let answer = try? Data(contentsOf: folder.appendingPathComponent("\(number)")) else { return }
      number += 1
      var rest = [UInt8](answer)[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
        guard count > 0 else { return }
        rest = rest.dropFirst(count)
      }
    }
  }

  /// - Returns: whether one came.
  private static func readRequest() -> Bool {
    guard let prefix = read(16) else { return false }
    func number(_ range: Range<Int>) -> Int { range.reversed().reduce(0) { $0 << 8 | Int(prefix[$1]) } }
    return read(number(4..<8)) != nil && read(number(8..<16)) != nil
  }

  private static func read(_ count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let got = bytes.withUnsafeMutableBytes {
        Foundation.read(STDIN_FILENO, $0.baseAddress.map { $0 + filled }, count - filled)
      }
      guard got > 0 else { return nil }
      filled += got
    }
    return bytes
  }
}
