import ArgumentParser
import BenchCore
import Checkpoints
import Foundation
import JSON

/// `pags-bench tasks calibrate`: the thresholds of the regime rule, chosen by the stated procedure on the user's own data.
struct TasksCalibrateCommand: ReportingCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate", abstract: "Chooses a task's thresholds anew, from networks whose training is known.",
    discussion: """
      A task on real images is judged by thresholds that were chosen on the data this project has. Whoever has more of it \
      chooses them by the same procedure (docs/regime-rule.md): train standard networks (models/recipes/standards has recipes) \
      and robust ones, evaluate all of them with the same --images and --seed and with --output FILE, and give the results \
      here. What is written goes to `evaluate`, `sweep` and `reclassify` as `--criteria FILE`.
      """)

  @Argument(help: "Name of the task.", completion: .list(PagsBench.plugins.tasks.map { $0.id }))
  var id: String

  @OptionGroup var dataOptions: DataOptions

  @OptionGroup var cache: CacheOptions

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Results of networks trained without a robustness objective: files, or folders of them.", valueName: "result"),
    completion: .file())
  var standards: [String]

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Results of networks trained for robustness that kept their accuracy: files, or folders of them.",
      valueName: "result"), completion: .file())
  var robust: [String]

  @Option(help: ArgumentHelp("Where to write the thresholds.", valueName: "file"), completion: .file())
  var output: String

  @OptionGroup var threadOptions: ThreadOptions

  @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

  func validate() throws {
    _ = try TaskLookup.plugin(id)
  }

  func run() throws {
    Interruption.install()
    let progress = TerminalProgress(quiet: reporting.quiet)
    defer { progress.end() }
    let (standardFiles, robustFiles) = (try ResultFiles.under(standards), try ResultFiles.under(robust))
    try OutputPlace.check(
      URL(fileURLWithPath: output), as: .criteria,
      apartFrom: (standardFiles + robustFiles).map { OutputPlace.Input("a result", $0.path) })
    let task = try TaskLookup.make(
      id, data: dataOptions.data, cache: cache.folder, threads: threadOptions.threads, progress: progress)
    progress.end()
    let file = try CriteriaFile(
      for: task, standards: standardFiles.map(ResultFile.read), robust: robustFiles.map(ResultFile.read))
    try Folder.make(URL(fileURLWithPath: output).deletingLastPathComponent())
    try AtomicFile.write(JSONEncoding.encode(file), to: output)
    let new = file.criteria
    // A file cannot be made without them.
    let old = task.criteria ?? new
    try reporting.result(
      file,
      text: """
        robust off the manifold: R below \(new.robustRatio) (the task's own: \(old.robustRatio))
        aligned: share at least \(new.specificShare) (\(old.specificShare)); not aligned: below \(new.templateShare) \
        (\(old.templateShare))
        standards: \(new.standards.map { "\($0.name) (accuracy \($0.accuracy))" }.joined(separator: ", "))
        """)
    if !reporting.quiet { CommandLineOutput.note("wrote \(output)") }
  }
}
