import ArgumentParser
import BenchCore
import Checkpoints
import Conformance
import Foundation
import JSON
import Plugins
import Submissions

/// `pags-bench submit`: a model described by its authors, checked, measured and put on the leaderboard.
struct SubmitCommand: ReportingCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit", abstract: "Checks and measures a submission and adds it to the leaderboard.",
    discussion: """
      DIR holds model.json and its checkpoint, or the checkpoint's URL, SHA-256 and size (`pags-bench new-submission DIR` \
      writes a template). In this order: model.json against its schema, the checkpoint against its digest, the id against \
      the leaderboard, the conformance suite, the measured accuracy against the claim. Then models/<id>/, the result and \
      leaderboard.json are written, all or nothing.

      With --recheck, a model that is on the leaderboard is measured again and compared; nothing is written. With \
      --external-evaluation, a result of somebody else's is recorded beside the submitted one: it can lower the model's \
      place and replaces nothing.
      """)

  @Argument(help: ArgumentHelp("Folder of the submission.", valueName: "dir"), completion: .directory)
  var directory: String?

  @OptionGroup var dataOptions: DataOptions

  @OptionGroup var cache: CacheFolderOption

  @Option(
    help: ArgumentHelp(
      "Fetch the checkpoint by its name from here (file:// or https://) instead of from its URL.", valueName: "url"))
  var mirror: String?

  @Flag(help: "Do everything but the writing, and show what would be added.")
  var dryRun = false

  @Flag(help: "Measure a model that is on the leaderboard again and compare.")
  var recheck = false

  @Option(
    help: ArgumentHelp("Record this result file as somebody else's evaluation.", valueName: "result.json"),
    completion: .file())
  var externalEvaluation: String?

  @Option(help: ArgumentHelp("Who made the external evaluation.", valueName: "name"))
  var evaluator: String?

  @Option(help: ArgumentHelp("A page that says more about it.", valueName: "url"))
  var evaluatorURL: String?

  @Option(help: ArgumentHelp("A remark about it.", valueName: "text"))
  var note: String?

  @OptionGroup var attackOptions: EvaluationAttackOptions

  @OptionGroup var directionOptions: EvaluationDirectionOptions

  @OptionGroup var threadOptions: ThreadOptions

  @OptionGroup var batchOptions: BatchOptions

  @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

  @OptionGroup(title: "Models that a program serves (docs/plugin-protocol.md)") var program: ServerOptions

  @OptionGroup(title: "Networks on another device (docs/devices.md)") var deviceOptions: DeviceOptions

  func validate() throws {
    if (directory == nil) == (externalEvaluation == nil) {
      throw ValidationError("give either the folder of a submission or --external-evaluation FILE")
    }
    if (externalEvaluation == nil) != (evaluator == nil) {
      throw ValidationError("--external-evaluation and --evaluator belong together")
    }
    if program.plugin != nil {
      throw ValidationError("a submission names its program in model.json (plugin.command); see --allow-plugin")
    }
    if !deviceOptions.isStrict {
      throw ValidationError(
        "--device-precision \(deviceOptions.devicePrecision.rawValue): such results stand on no leaderboard")
    }
    if let mirror, URL(string: mirror)?.scheme.map({ ["file", "http", "https"].contains($0) }) != true {
      throw ValidationError("--mirror must begin with file://, https:// or http://, got `\(mirror)`")
    }
  }

  func run() throws {
    Interruption.install()
    let files = ProjectFiles.locate() ?? ProjectFiles(root: URL(fileURLWithPath: "."))
    if let externalEvaluation { return try record(externalEvaluation, files) }
    try measure(URL(fileURLWithPath: directory ?? "."), files)
  }

  private func record(_ file: String, _ files: ProjectFiles) throws {
    let external = try ExternalSubmission(
      file: URL(fileURLWithPath: file),
      record: ExternalEvaluationRecord(evaluator: evaluator ?? "", url: evaluatorURL, note: note), files)
    let paths = dryRun ? [] : try external.add().paths
    try SubmissionReport(
      id: external.result.model.id, task: external.result.task.id, added: paths, isDryRun: dryRun,
      lines: external.effect, result: external.result
    ).show(reporting)
  }

  private func measure(_ folder: URL, _ files: ProjectFiles) throws {
    let progress = TerminalProgress(quiet: reporting.quiet)
    defer { progress.end() }
    let submission = try Submission.read(folder, tasks: PagsBench.plugins.tasks)
    let (id, taskID) = (submission.description.id, submission.description.task ?? "")
    let rules = SubmissionRules(files)
    let recorded = rules.result(id, task: taskID)
    if recheck, recorded == nil { throw SubmissionError.notOnLeaderboard(id: id, task: taskID) }
    if !dryRun, !recheck { try OutputPlace.checkFolder(files.leaderboard) }

    let store = CheckpointStore(cache: cache.folder)
    let fetched = try submission.checkpoint(store, mirror: mirror.flatMap { URL(string: $0) }, progress: progress)
    let measurement = try SubmissionMeasurement(
      submission, checkpoint: fetched, files: files, data: dataOptions.data, cache: cache.folder,
      batch: batchOptions.batch, threads: threadOptions.threads, program: program, progress: progress
    ) { options in
      // What is checked again is what was measured, attacks too.
      if recheck, attackOptions.names.isEmpty {
        options.attacks = recorded?.robustness?.map(\.attack.id) ?? []
        options.attackedImages = recorded?.robustness?.first?.radii.count
      } else {
        attackOptions.choose(in: &options)
      }
      try directionOptions.choose(in: &options)
      if recheck, options.direction == nil, let direction = recorded?.direction {
        // A generator is no part of a result.
        let names = direction.alphaDx.map(\.estimator).filter { $0 != "learned" }
        options.direction = names.isEmpty ? nil : DirectionSettings(names, referenceImages: direction.referenceImages)
      }
    }
    if !recheck {
      try rules.checkID(id, task: taskID, sha256: measurement.candidate.checkpoint.sha256)
      try rules.checkKept(submission, checkpoint: measurement.candidate.checkpoint)
    }
    let (outcome, report) = try measurement.run { record in
      if !recheck { try rules.checkFunction(record, task: taskID) }
    }
    progress.end()
    try Interruption.check()

    if recheck, let recorded {
      let comparison = Recheck.compare(recorded: recorded, measured: outcome.result)
      if case .disagrees(let differences) = comparison {
        throw SubmissionError.notReproduced(id: id, differences: differences)
      }
      return try SubmissionReport(
        id: id, task: taskID, added: [], isDryRun: true,
        lines: [
          comparison == .identical
            ? "reproduced: every number is the recorded one"
            : "reproduced: the regime, and every number within its interval"
        ], result: outcome.result
      ).show(reporting)
    }
    let change =
      try dryRun
      ? rules.change(submission, checkpoint: measurement.candidate.checkpoint, outcome: outcome)
      : rules.add(submission, checkpoint: measurement.candidate.checkpoint, outcome: outcome)
    try SubmissionReport(
      id: id, task: taskID, added: change.paths, isDryRun: dryRun,
      lines: [ResultSummary.text(outcome.result) + ResultSummary.notes(outcome.notes), "How the checkpoint was read"]
        + (report?.lines ?? []).map { "  " + $0 },
      result: outcome.result
    ).show(reporting)
  }
}

extension SubmitCommand: DeviceCommand {
  var batch: Int? { batchOptions.batch }
}
