import Foundation

/// Results go to standard output, everything else to standard error.
enum CommandLineOutput {
  static func result(_ text: String) {
    FileHandle.standardOutput.write(Data((text.hasSuffix("\n") ? text : text + "\n").utf8))
  }

  static func note(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
  }

  static func error(_ text: String) { note("pags-bench: \(text)") }
}
