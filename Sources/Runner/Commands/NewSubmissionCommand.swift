import ArgumentParser
import BenchCore
import Foundation
import Plugins
import Submissions

/// `pags-bench new-submission`: a folder to fill in.
struct NewSubmissionCommand: ReportingCommand {
  static let configuration = CommandConfiguration(
    commandName: "new-submission", abstract: "Writes a template of a submission.",
    discussion: """
      Makes the folder with a model.json whose values say what belongs in their place, and a README.md that explains every \
      key. `pags-bench submit` refuses it until everything is filled in.
      """)

  @Argument(help: ArgumentHelp("Folder to make.", valueName: "dir"), completion: .directory)
  var directory: String

  @Option(
    help: ArgumentHelp("Copy this checkpoint into the folder and fill in its digest.", valueName: "file"),
    completion: .file())
  var checkpoint: String?

  @Option(help: "Fill in the model's id.")
  var id: String?

  @Option(help: "Fill in the task.", completion: .list(PagsBench.plugins.tasks.map { $0.id }))
  var task: String?

  @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

  /// What is printed with `--json`.
  private struct Written: Encodable {
    let description: String
    let explanation: String
    let next: String
  }

  func validate() throws {
    if let task { _ = try TaskLookup.plugin(task) }
    if let id, !ResultValidation.isIdentifier(id) {
      throw ValidationError(
        "--id `\(id)` must consist of lower-case letters, digits, `.`, `_` and `-`, and begin with a letter or digit")
    }
  }

  func run() throws {
    try SubmissionTemplate.write(
      to: URL(fileURLWithPath: directory), id: id, task: task, checkpoint: checkpoint.map { URL(fileURLWithPath: $0) },
      tasks: PagsBench.plugins.tasks.map { $0.id })
    let written = Written(
      description: "\(directory)/model.json", explanation: "\(directory)/README.md",
      next: "pags-bench submit \(directory) --dry-run")
    try reporting.result(
      written,
      text: "\(written.description): fill it in (\(written.explanation) explains every key), then `\(written.next)`")
  }
}
