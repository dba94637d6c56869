import BenchCore
import Foundation
import Text

/// Results go to standard output, everything else to standard error.
///
/// It is the one way to the terminal, and what goes through it holds names from files: control characters and the like are
/// spelt out here, so that no message has to think of them.
enum CommandLineOutput {
  static func result(_ text: String) {
    FileHandle.standardOutput.write(Data(PlainText.printable(text.hasSuffix("\n") ? text : text + "\n").utf8))
  }

  static func note(_ text: String) { FileHandle.standardError.write(Data(PlainText.printable(text + "\n").utf8)) }

  /// That a file was written: a result, unless the result is JSON.
  static func wrote(_ path: String, besideJSON: Bool) {
    if besideJSON { note("wrote \(path)") } else { result("wrote \(path)") }
  }

  /// Progress, which moves the cursor itself.
  /// - Parameter control: written as it is, before the text.
  static func progress(_ text: String, control: String = "") {
    FileHandle.standardError.write(Data((control + PlainText.printable(text)).utf8))
  }

  static func error(_ text: String) { note("pags-bench: \(text)") }
}
