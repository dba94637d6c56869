import Foundation
import Synchronization
import Text

/// The file of `--log`: lines with their time, appended, so that it may be one file of many runs and processes.
enum LogFile {
  private static let handle = Mutex<FileHandle?>(nil)

  /// - Parameter arguments: what the program was called with; the first line of a run.
  /// - Throws: `LogFileError` where the file cannot be appended to, or is no log: appending would spoil somebody's checkpoint.
  static func open(_ path: String, arguments: [String]) throws {
    if let present = FileIdentity(path) {
      if present.isFolder { throw LogFileError.isFolder(path) }
      // A terminal or a pipe takes lines as well.
      if present.isRegular, present.bytes > 0, !isLog(path) { throw LogFileError.otherContent(path) }
    }
    // One write goes to the end of the file as a whole, whoever else appends to it.
    let descriptor = Foundation.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw LogFileError.notWritable(path, reason: String(cString: strerror(errno))) }
    handle.withLock { $0 = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true) }
    add("\(mark)\(PagsBench.version) \(ShellWord.joined(arguments))")
  }

  /// Appends lines, if there is a log.
  static func add(_ text: String) {
    handle.withLock { handle in
      guard let handle else { return }
      let time = time()
      let lines = PlainText.printable(text).split(separator: "\n").map { "\(time) \($0)\n" }
      // A full disk must not end a measurement of hours.
      try? handle.write(contentsOf: Data(lines.joined().utf8))
    }
  }

  /// What the first line of every run has after its time.
  private static let mark = "pags-bench "

  private static func isLog(_ path: String) -> Bool {
    guard let handle = FileHandle(forReadingAtPath: path), let head = try? handle.read(upToCount: 40) else {
      return false
    }
    return String(decoding: head, as: UTF8.self).firstMatch(of: #/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ pags-bench /#) != nil
  }

  /// Universal time to the second.
  private static func time() -> String { Date.now.formatted(.iso8601) }
}

enum LogFileError: Error, CustomStringConvertible {
  case isFolder(String)
  case otherContent(String)
  case notWritable(String, reason: String)

  var description: String {
    switch self {
    case .isFolder(let path): "--log: \(path) is a folder; expected the path of a file"
    case .otherContent(let path):
      "--log: \(path) is there already and is no log of pags-bench, to which alone lines are appended; choose another file"
    case .notWritable(let path, let reason): "--log: \(path) cannot be written: \(reason)"
    }
  }
}
