import ArgumentParser

/// How a command speaks, to a person or to a program: every command has these.
struct ReportingOptions: ParsableArguments {
  @Flag(help: "Print one JSON document on standard output, of an error too.")
  var json = false

  @Flag(help: "No progress on standard error.")
  var quiet = false

  @Option(
    help: ArgumentHelp(
      "Append what is said to this file too, with the time of every line; with --quiet also what is then not said.",
      valueName: "file"), completion: .file())
  var log: String?

  @Option(
    help: ArgumentHelp(
      "Read options from this YAML file, as lines `name: value`; those on the command line count more (docs/evaluate.md).",
      valueName: "file"), completion: .file())
  var config: String?

  /// Prints what a command found: for people, or as one JSON document.
  /// - Throws: `EncodingError` where a number cannot be written in JSON.
  func result(_ document: some Encodable, text: @autoclosure () throws -> String) throws {
    guard json else { return CommandLineOutput.result(try text()) }
    try CommandLineOutput.document(document)
  }

  /// That a file was written, where that is all there is to say.
  func wrote(_ path: String) throws { try result(WrittenFile(wrote: path), text: "wrote \(path)") }

  private struct WrittenFile: Encodable { let wrote: String }
}

/// A command with these options, which is any of them.
protocol ReportingCommand: ParsableCommand {
  var reporting: ReportingOptions { get }
}
