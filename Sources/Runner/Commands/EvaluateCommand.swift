import ArgumentParser
import BenchCore
import Checkpoints
import Foundation
import JSON
import Plugins
import Sheets

/// `pags-bench evaluate`: from a checkpoint to a regime and a place on the leaderboard.
struct EvaluateCommand: ReportingCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Measures a model and tells its regime: weak, bayes-aligned or excessive.",
    discussion: """
      Prints a summary, writes the result file results/<task>/<model-id>.json of one's own leaderboard with its per-image samples \
      beside it, and refreshes leaderboard.json there. The project's leaderboard changes by `submit` alone; `leaderboard table` and \
      `site` show both. The same seed gives the same result, whatever --batch and --threads are.

      With another manifold or score than the task's own, a second reference or other criteria (docs/references.md) a result \
      cannot be compared with others: it is printed, written to --output, and not added to the leaderboard.

      CHECKPOINT may also be `bayes`, the task's own Bayes classifier, `bayes:SIGMA`, smoothed with noise, or `margin`, the classifier of the \
      largest margin, where the task knows it. Of several checkpoints, one after the other, tasks and references are made once. Several \
      processes can divide one model or many with --shard (docs/cluster.md); `pags-bench slurm -- evaluate ...` has Slurm do so.
      """)

  @Argument(
    help: ArgumentHelp(
      "The model's checkpoint or model.json, or `bayes`, `bayes:SIGMA` or `margin`; may be left out with --plugin.",
      valueName: "checkpoint"), completion: .file())
  var checkpoints: [String] = []

  @Option(
    help: "Task to measure on. (default: the task of the model's description, otherwise glyphs)",
    completion: .list(PagsBench.plugins.tasks.map { $0.id }))
  var task: String?

  @OptionGroup var dataOptions: DataOptions

  @OptionGroup var cache: CacheOptions

  @OptionGroup var references: ReferenceSelection

  @Option(
    help: ArgumentHelp(
      "Also compare gradients by this metric: its name, or `ID=FILE` where it has weights; may be repeated. (default: the cosine "
        + "alone)", valueName: "metric"), completion: .list(PagsBench.plugins.usages(.metric)),
    transform: { try ReferenceChoice(argument: $0, of: .metric) })
  var metric: [ReferenceChoice] = []

  @Option(
    help: ArgumentHelp(
      "The same network trained without a robustness objective: what accuracy and on-manifold sensitivity are compared with. "
        + "(default: claims.standardModel's result, otherwise the task's recorded standards)", valueName: "file"),
    completion: .file())
  var standard: String?

  @Option(help: "Number of images. (default: the task's own)")
  var images: Int?

  @Option(help: "Seed of everything that is random.")
  var seed: UInt64 = 0

  @Flag(help: "Clip images to [0, 1] after a step; the paper does not.")
  var clip = false

  @Option(
    help: ArgumentHelp(
      "Perturbations per image of definition 1 of the relative robustness; each costs two passes.", valueName: "n"))
  var robustnessDraws: Int = EvaluationConfiguration.defaultRobustnessDraws

  @OptionGroup var attackOptions: EvaluationAttackOptions

  @OptionGroup var directionOptions: EvaluationDirectionOptions

  @Option(
    help: ArgumentHelp(
      "Also write the result here; of several checkpoints, each in this folder as ID.json.", valueName: "file"),
    completion: .file())
  var output: String?

  @OptionGroup var identity: IdentityOptions

  @Option(
    help: ArgumentHelp(
      "The leaderboard to write to. (default: one's own, `own` in the project's leaderboard)", valueName: "dir"),
    completion: .directory)
  var leaderboard: String?

  @Option(
    help: ArgumentHelp(
      "Also draw the gradients at the first images here, beside score and reference: .svg, .pdf or .png (docs/show.md).",
      valueName: "file"), completion: .file())
  var sheet: String?

  @Option(
    name: .customLong("protocol"),
    help: ArgumentHelp(
      "Also show what the paper's public code computes for its figures, with its images, targets and noise: `paper` (docs/paper.md). "
        + "With --output FILE.json it is written to FILE.paper.json.", valueName: "protocol"))
  var measuringProtocol: MeasuringProtocol?

  @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

  @Flag(help: "Leave the leaderboard alone.")
  var noLeaderboard = false

  @OptionGroup(title: "In parts, for several processes (docs/cluster.md)") var parts: PartOptions

  @OptionGroup var options: ModelOptions

  @OptionGroup(title: "Networks on another device (docs/devices.md)") var deviceOptions: DeviceOptions

  func validate() throws {
    try OptionBounds.check("--images", images, in: OptionBounds.images)
    try OptionBounds.check("--seed", seed, in: OptionBounds.seed)
    try OptionBounds.check("--robustness-draws", robustnessDraws, in: OptionBounds.robustnessDraws)
    if let task { _ = try TaskLookup.plugin(task) }
    if let sheet { _ = try SheetFile(sheet, option: "--sheet") }
    if leaderboard != nil, noLeaderboard {
      throw ValidationError("--leaderboard and --no-leaderboard exclude each other")
    }
    if !deviceOptions.isStrict, !noLeaderboard {
      throw ValidationError(
        "--device-precision \(deviceOptions.devicePrecision.rawValue): such results stand on no leaderboard; pass --no-leaderboard"
      )
    }
    try options.program.check(hasCheckpoint: !checkpoints.isEmpty)
    guard checkpoints.count > 1 else { return }
    let ofOne = [
      ("--sheet", sheet), ("--id", identity.id), ("--name", identity.name), ("--model", options.network.model),
      ("--plugin", options.program.plugin), ("--protocol", measuringProtocol?.rawValue),
    ]
    if let (option, _) = ofOne.first(where: { $0.1 != nil }) {
      throw ValidationError("\(option) is of one model, and there are \(checkpoints.count)")
    }
  }

  func run() throws {
    Interruption.install()
    let progress = TerminalProgress(quiet: reporting.quiet)
    defer { progress.end() }
    let files = ProjectFiles.locate() ?? ProjectFiles(root: URL(fileURLWithPath: "."))
    var session = Session(files: files, outputs: outputs(files), shared: cache.shared, progress: progress)
    try parts.begin()
    guard checkpoints.count > 1 else {
      let result: EvaluationResult?
      do {
        result = try evaluate(checkpoints.first, at: 0, in: &session)
      } catch is CancellationError where parts.measures {
        progress.end()
        throw parts.stopped()
      }
      if reporting.json, let result { CommandLineOutput.document(json: try ResultFile.encode(result)) }
      return
    }
    try evaluateAll(in: &session)
  }

  /// Where results are written.
  func outputs(_ files: ProjectFiles) -> EvaluationOutputs {
    let board = leaderboard.map { URL(fileURLWithPath: $0) } ?? files.ownLeaderboard
    return EvaluationOutputs(
      leaderboard: noLeaderboard ? nil : Leaderboard(directory: board),
      output: output.map { URL(fileURLWithPath: $0) }, isForSeveral: checkpoints.count > 1)
  }

  /// What the models of one command share.
  private struct Session {
    let files: ProjectFiles
    let outputs: EvaluationOutputs
    let shared: SharedArrays
    let progress: TerminalProgress
    /// With their references, by the task's id.
    var evaluations: [String: ModelEvaluation] = [:]
    /// Ids of the models that were measured.
    var measured: Set<String> = []
  }

  /// One after the other; a model that cannot be measured keeps no other from it.
  /// - Throws: `ExitCode` where any could not.
  private func evaluateAll(in session: inout Session) throws {
    var results: [EvaluationResult] = []
    // A result of each, or why there is none.
    var documents: [Data] = []
    var failures = 0
    for (place, checkpoint) in checkpoints.enumerated() where parts.concerns(place, of: checkpoints.count) {
      if !reporting.quiet { CommandLineOutput.note("model \(place + 1) of \(checkpoints.count): \(checkpoint)") }
      do {
        guard let result = try evaluate(checkpoint, at: place, in: &session) else { continue }
        results.append(result)
        if reporting.json { documents.append(try ResultFile.encode(result)) }
      } catch is CancellationError {
        session.progress.end()
        if parts.measures { throw parts.stopped() }
        CommandLineOutput.error("stopped; \(results.count) of \(checkpoints.count) models are measured and written")
        throw ExitCode(130)
      } catch {
        session.progress.end()
        failures += 1
        let message = "\(checkpoint) is not \(parts.merge ? "merged" : "measured"): \(error)"
        CommandLineOutput.error(message)
        documents.append(try JSONEncoding.encode(ErrorDocument(.failed, message)))
      }
    }
    guard parts.merges else {
      if failures > 0 { throw ExitCode(1) }
      return
    }
    if reporting.json {
      let list = documents.map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .newlines) }
      CommandLineOutput.document(json: Data("[\n\(list.joined(separator: ",\n"))\n]".utf8))
    } else {
      let models = Dictionary(grouping: results.map { EvaluatedModel($0) }) { Leaderboard.Standing(of: $0.result) }
      let document = LeaderboardDocument(models[.ranked] ?? [], unranked: models[.unranked] ?? [])
      CommandLineOutput.result(Table.text(LeaderboardTable.tables(document), as: .text))
    }
    if failures > 0 { throw ExitCode(1) }
  }

  /// Measures a model, writes what is to be written and prints the summary.
  /// - Parameter place: of the model among all.
  /// - Returns: nil where only a shard of it was measured.
  private func evaluate(_ checkpoint: String?, at place: Int, in session: inout Session) throws -> EvaluationResult? {
    let (outputs, progress) = (session.outputs, session.progress)
    let source = try ModelSource(checkpoint, options: options, files: session.files)
    let inputs = self.inputs(checkpoint) + (source.candidate?.inputs ?? [])
    // Once it is known which files are read: a description names a checkpoint that the command line does not.
    try outputs.check(apartFrom: inputs)
    if let sheet { try SheetFile(sheet, option: "--sheet").check(apartFrom: inputs) }
    let evaluation = try self.evaluation(on: self.task ?? source.taskID ?? "glyphs", in: &session)
    let task = evaluation.task
    let paper = try measuringProtocol.map { _ in try PaperProtocol(of: task) }
    if paper != nil, let place = outputs.output {
      try OutputPlace.check(PaperReport.url(beside: place), as: .paperFigures, apartFrom: inputs)
    }
    var loaded = try evaluation.load(source)
    identity.name(&loaded.subject.record)
    let record = loaded.subject.record
    guard session.measured.insert(record.id).inserted else {
      throw ValidationError(
        "a model of the id `\(record.id)` is measured already; if this is another one, measure it alone, with --id")
    }
    let report = LoadReport(source, loaded)
    for warning in report?.warnings ?? [] { CommandLineOutput.note(warning) }
    if let remark = task.dataRemark { CommandLineOutput.note("WARNING: \(remark)") }
    let threads = options.threads
    try outputs.check(
      .init(
        model: record, standing: task.isComparable ? .ranked : .unranked, task: task.id, version: task.version,
        images: images ?? task.defaultImageCount, seed: seed, clip: clip,
        digest: { try? task.evaluationStream(count: $0, seed: $1).digest(threads: threads) }),
      hasOwnReferences: task.hasOwnReferences, apartFrom: inputs)
    let pictures = try sheet.map {
      try EvaluationSheet(
        $0, of: task, metrics: evaluation.options.metrics, seed: seed, threads: options.threads)
    }
    let subject = loaded.subject
    guard
      let outcome = try parts.outcome(
        of: record.id, at: place, among: max(1, checkpoints.count), quiet: reporting.quiet,
        whole: { try evaluation.measure(subject, progress: progress) },
        part: { try evaluation.measure($0, of: subject, in: $1, progress: progress) },
        merged: { try evaluation.merge(subject, from: $0, progress: progress) })
    else { return nil }
    let drawn = try pictures?.draw(loaded.subject, images: outcome.samples.rowCount, progress: progress)
    progress.end()
    // Nothing is written before everything is measured.
    try Interruption.check()
    var places = try outputs.write(outcome)
    if let drawn, let sheet {
      try SheetFile(sheet, option: "--sheet").write(drawn)
      places.append(sheet)
    }
    let figures = paper.map { PaperReport(figures: $0.figures(outcome)) }
    if let figures, let place = outputs.output { places.append(try figures.write(beside: place)) }
    if reporting.json {
      for note in outcome.notes { CommandLineOutput.note("note: \(note)") }
    } else {
      let reading = report.map { "\nHow the checkpoint was read\n  " + $0.lines.joined(separator: "\n  ") } ?? ""
      CommandLineOutput.result(
        ResultSummary.text(outcome.result) + ResultSummary.notes(outcome.notes) + reading + (figures?.text ?? ""))
    }
    if !reporting.quiet {
      if !task.isComparable, !noLeaderboard { CommandLineOutput.note(standing(on: task)) }
      for place in places { CommandLineOutput.note("wrote \(place)") }
    }
    return outcome.result
  }

  /// Where a result stands that is compared with no others.
  private func standing(on task: any BenchmarkTask) -> String {
    guard task.hasOwnReferences else {
      return "not on the leaderboard, whose results are measured and judged with the task's own references alone"
        + (output == nil ? "; pass --output FILE to keep this one" : "")
    }
    return "beside the leaderboard, whose results are "
      + (task.dataRemark == nil ? "in the order of regimes" : "of the task's own data")
  }

  /// The task with what it is measured with, made once.
  private func evaluation(on task: String, in session: inout Session) throws -> ModelEvaluation {
    if let made = session.evaluations[task] { return made }
    let own = try TaskLookup.make(
      task, data: dataOptions.data, cache: cache.folder, threads: options.threads, progress: session.progress)
    let evaluation = try ModelEvaluation(
      arguments: evaluationOptions(of: own, session), of: own, files: session.files)
    session.evaluations[task] = evaluation
    return evaluation
  }

  /// The files that are read, as far as the command line names them.
  func inputs(_ checkpoint: String?) -> [OutputPlace.Input?] {
    [
      OutputPlace.Input("the model", checkpoint), OutputPlace.Input("the description", options.network.model),
      OutputPlace.Input("the standard", standard),
    ]
      + references.inputs
      + metric.flatMap { $0.inputs(.metric) }
  }

  private func evaluationOptions(of task: any BenchmarkTask, _ session: Session) throws -> EvaluationOptions {
    var evaluation = EvaluationOptions(toolVersion: PagsBench.version)
    evaluation.images = images
    evaluation.seed = seed
    evaluation.clip = clip
    evaluation.metrics = try ReferenceLoader(PagsBench.plugins, files: session.files).metrics(
      metric, for: task, threads: options.threads)
    evaluation.robustnessDraws = robustnessDraws
    attackOptions.choose(in: &evaluation)
    try directionOptions.choose(in: &evaluation)
    evaluation.references = references.files
    evaluation.standard = standard
    evaluation.loading = try options.loadOptions(imageShape: nil, classCount: nil)
    evaluation.shared = session.shared
    return evaluation
  }
}

extension EvaluateCommand: DeviceCommand {
  var batch: Int? { options.batch }
  var servingProgram: String? { options.program.plugin }
}
