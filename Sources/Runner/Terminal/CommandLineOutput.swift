import Foundation
import JSON
import Synchronization
import Text

/// Results go to standard output, everything else to standard error, and both to the log file where there is one.
///
/// It is the one way to the terminal, and what goes through it holds names from files: control characters and the like are
/// spelt out here, so that no message has to think of them.
enum CommandLineOutput {
  static func result(_ text: String) {
    let printed = PlainText.printable(text.hasSuffix("\n") ? text : text + "\n")
    FileHandle.standardOutput.write(Data(printed.utf8))
    LogFile.add(printed)
  }

  static func note(_ text: String) {
    said.withLock { $0.notes.append(text) }
    write(text)
  }

  static func error(_ text: String) {
    said.withLock { $0.errors.append(text) }
    write("pags-bench: \(text)")
  }

  private static func write(_ text: String) {
    let printed = PlainText.printable(text + "\n")
    FileHandle.standardError.write(Data(printed.utf8))
    LogFile.add(printed)
  }

  /// Progress, which moves the cursor itself and stands in the log in words of its own.
  /// - Parameter control: written as it is, before the text.
  static func progress(_ text: String, control: String = "") {
    FileHandle.standardError.write(Data((control + PlainText.printable(text)).utf8))
  }

  // MARK: Documents for programs

  private struct Said {
    var notes: [String] = []
    var errors: [String] = []
    var isDocumentWritten = false
  }

  private static let said = Mutex(Said())

  /// A result for a program, which is no line for a log.
  /// - Throws: `EncodingError` where a number cannot be written in JSON.
  static func document(_ document: some Encodable) throws { self.document(json: try JSONEncoding.encode(document)) }

  static func document(json: Data) {
    said.withLock { $0.isDocumentWritten = true }
    let text = PlainText.printable(String(decoding: json, as: UTF8.self))
    FileHandle.standardOutput.write(Data((text.hasSuffix("\n") ? text : text + "\n").utf8))
  }

  /// What `--json` prints where the work found nothing to tell of, such as a shard whose parts others merge.
  private struct Notes: Encodable { let notes: [String] }

  /// The document that a program waits for, unless it is written already.
  static func completeDocument() {
    let said = said.withLock { $0 }
    if !said.isDocumentWritten { try? document(Notes(notes: said.notes)) }
  }

  /// The same of a work that failed.
  /// - Parameter message: nil for the errors that were said.
  static func completeDocument(error kind: ErrorDocument.Kind, exitCode: Int32, message: String?) {
    let said = said.withLock { $0 }
    guard !said.isDocumentWritten else { return }
    try? document(
      ErrorDocument(kind, message ?? said.errors.joined(separator: "\n"), exitCode: exitCode))
  }
}
