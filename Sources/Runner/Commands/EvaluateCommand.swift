import ArgumentParser
import BenchCore
import Checkpoints
import Foundation
import JSON
import Plugins
import Sheets

/// `pags-bench evaluate`: from a checkpoint to a regime and a place on the leaderboard.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Measures a model and tells its regime: weak, bayes-aligned or excessive.",
    discussion: """
      Prints a summary, writes the result file leaderboard/results/<task>/<model-id>.json with its per-image samples \
      beside it, and refreshes leaderboard/leaderboard.json. The same seed gives the same result, whatever --batch and \
      --threads are.

      With another manifold or score than the task's own, a second reference or other criteria (docs/references.md) a result \
      cannot be compared with others: it is printed, written to --output, and not added to the leaderboard.

      CHECKPOINT may also be `bayes`, the task's own Bayes classifier, or `bayes:SIGMA`, smoothed with noise.
      """)

  @Argument(help: "The model's checkpoint or model.json, or `bayes`, or `bayes:SIGMA`; may be left out with --plugin.")
  var checkpoint: String?

  @Option(help: "Task to measure on. (default: the task of the model's description, otherwise glyphs)")
  var task: String?

  @OptionGroup var dataOptions: DataOptions

  @OptionGroup var cache: CacheOptions

  @OptionGroup var references: ReferenceSelection

  @Option(
    help: ArgumentHelp(
      "Also compare gradients by this metric: its name, or `ID=FILE` where it has weights; may be repeated. (default: the cosine "
        + "alone)", valueName: "metric"))
  var metric: [MetricChoice] = []

  @Option(
    help: ArgumentHelp(
      "The same network trained without a robustness objective: what accuracy and on-manifold sensitivity are compared with. "
        + "(default: claims.standardModel's result, otherwise the task's recorded standards)", valueName: "file"))
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

  @Option(help: ArgumentHelp("Also write the result here.", valueName: "file"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Also draw the gradients at the first images here, beside score and reference: .svg or .png (docs/show.md).",
      valueName: "file"))
  var sheet: String?

  @Flag(help: "Print the result file on standard output instead of the summary.")
  var json = false

  @Flag(help: "Leave the leaderboard alone.")
  var noLeaderboard = false

  @Flag(help: "No progress on standard error.")
  var quiet = false

  @OptionGroup var options: ModelOptions

  func validate() throws {
    try OptionBounds.check("--images", images, in: OptionBounds.images)
    try OptionBounds.check("--seed", seed, in: OptionBounds.seed)
    try OptionBounds.check("--robustness-draws", robustnessDraws, in: OptionBounds.robustnessDraws)
    for choice in metric { try choice.validate() }
    if let task { _ = try TaskLookup.plugin(task) }
    if let sheet { _ = try SheetFile(sheet, option: "--sheet") }
    try options.program.check(hasCheckpoint: checkpoint != nil)
  }

  func run() throws {
    Interruption.install()
    let progress = TerminalProgress(quiet: quiet)
    defer { progress.end() }
    let files = ProjectFiles.locate() ?? ProjectFiles(root: URL(fileURLWithPath: "."))
    let source = try ModelSource(checkpoint, options: options, files: files)
    let inputs = self.inputs + (source.candidate?.inputs ?? [])
    // Once it is known which files are read: a description names a checkpoint that the command line does not.
    try checkPlaces(files, inputs: inputs)
    let ownTask = try TaskLookup.make(
      self.task ?? source.taskID ?? "glyphs", data: dataOptions.data, cache: cache.folder, threads: options.threads,
      progress: progress)
    let evaluation = try ModelEvaluation(arguments: evaluationOptions(of: ownTask, files), of: ownTask, files: files)
    let task = evaluation.task
    let loaded = try evaluation.load(source)
    let report = LoadReport(source, loaded)
    for warning in report?.warnings ?? [] { CommandLineOutput.note(warning) }
    if let remark = task.dataRemark { CommandLineOutput.note("WARNING: \(remark)") }
    try checkReplacements(of: loaded.subject, on: task, files, inputs: inputs)
    let pictures = try sheet.map { try EvaluationSheet($0, of: task, seed: seed, threads: options.threads) }
    let outcome = try evaluation.measure(loaded.subject, progress: progress)
    let drawn = try pictures?.draw(loaded.subject, images: outcome.samples.rowCount, progress: progress)
    progress.end()
    // Nothing is written before everything is measured.
    try Interruption.check()
    var places = try write(outcome, files)
    if let drawn, let sheet {
      try SheetFile(sheet, option: "--sheet").write(drawn)
      places.append(sheet)
    }
    if json {
      CommandLineOutput.result(String(decoding: try ResultFile.encode(outcome.result), as: UTF8.self))
      for note in outcome.notes { CommandLineOutput.note("note: \(note)") }
    } else {
      let reading = report.map { "\nHow the checkpoint was read\n  " + $0.lines.joined(separator: "\n  ") } ?? ""
      CommandLineOutput.result(ResultSummary.text(outcome.result) + ResultSummary.notes(outcome.notes) + reading)
    }
    if !task.isComparable, !noLeaderboard, !quiet {
      CommandLineOutput.note(
        task.hasOwnReferences
          ? "beside the leaderboard, whose results are "
            + (task.dataRemark == nil ? "in the order of regimes" : "of the task's own data")
          : "not on the leaderboard, whose results are measured and judged with the task's own references alone"
            + (output == nil ? "; pass --output FILE to keep this one" : ""))
    }
    if !quiet { for place in places { CommandLineOutput.note("wrote \(place)") } }
  }

  /// The files that are read, as far as the command line names them.
  private var inputs: [OutputPlace.Input?] {
    [
      OutputPlace.Input("the model", checkpoint), OutputPlace.Input("the description", options.network.model),
      OutputPlace.Input("the standard", standard),
    ]
      + references.inputs
      + metric.flatMap { choice in
        ((try? choice.resolved(PagsBench.plugins).paths) ?? []).map {
          OutputPlace.Input("the file of --metric \(choice.id)", $0)
        }
      }
  }

  /// What can be said of the places before the model is loaded.
  private func checkPlaces(_ files: ProjectFiles, inputs: [OutputPlace.Input?]) throws {
    if let output {
      let url = URL(fileURLWithPath: output)
      try OutputPlace.check(url, as: .result, apartFrom: inputs)
      try OutputPlace.check(SampleFile.url(beside: url), as: .samples, apartFrom: inputs)
    }
    if let sheet { try SheetFile(sheet, option: "--sheet").check(apartFrom: inputs) }
    if !noLeaderboard { try OutputPlace.checkFolder(files.leaderboard) }
  }

  /// Refuses what the leaderboard would refuse after the work, and says which results will be replaced by other ones.
  private func checkReplacements(
    of subject: EvaluationSubject, on task: any BenchmarkTask, _ files: ProjectFiles, inputs: [OutputPlace.Input?]
  ) throws {
    let images = self.images ?? task.defaultImageCount
    var places = output.map { [URL(fileURLWithPath: $0)] } ?? []
    if !noLeaderboard, task.hasOwnReferences {
      let leaderboard = Leaderboard(directory: files.leaderboard)
      let standing: Leaderboard.Standing = task.isComparable ? .ranked : .unranked
      try leaderboard.check(
        .init(
          model: subject.record, standing: standing, task: task.id, version: task.version, images: images, seed: seed,
          clip: clip))
      let url = leaderboard.resultURL(standing, task: task.id, model: subject.record.id)
      try OutputPlace.check(SampleFile.url(beside: url), as: .samples, apartFrom: inputs)
      places.append(url)
    }
    let new = OutputContent.words(
      model: subject.record.id, task: task.id, images: images, seed: "\(seed)",
      sha256: subject.record.checkpoint?.sha256)
    for url in places {
      let old = try OutputPlace.check(url, as: .result, apartFrom: inputs)
      if let old, old != new {
        CommandLineOutput.note("\(url.path): holds the result of \(old); it will be replaced by that of \(new)")
      }
    }
  }

  private func evaluationOptions(of task: any BenchmarkTask, _ files: ProjectFiles) throws -> EvaluationOptions {
    var evaluation = EvaluationOptions(toolVersion: PagsBench.version)
    evaluation.images = images
    evaluation.seed = seed
    evaluation.clip = clip
    evaluation.metrics = try MetricLoader(PagsBench.plugins, files: files).metrics(
      metric, for: task, threads: options.threads)
    evaluation.robustnessDraws = robustnessDraws
    attackOptions.choose(in: &evaluation)
    evaluation.references = references.files
    evaluation.standard = standard
    evaluation.loading = try options.loadOptions(imageShape: nil, classCount: nil)
    evaluation.shared = cache.shared
    return evaluation
  }

  /// - Returns: the paths of what was written.
  private func write(_ outcome: EvaluationOutcome, _ files: ProjectFiles) throws -> [String] {
    var places: [String] = []
    if let output {
      let url = URL(fileURLWithPath: output)
      try Folder.make(url.deletingLastPathComponent())
      try AtomicFile.write(SampleFile.encode(outcome), to: SampleFile.url(beside: url).path)
      try ResultFile.write(outcome.result, to: url)
      places.append(output)
    }
    let result = outcome.result
    if !noLeaderboard, result.task.hasOwnReferences {
      let leaderboard = Leaderboard(directory: files.leaderboard)
      let url = leaderboard.url(of: result)
      try leaderboard.add(outcome.result, samples: SampleFile.encode(outcome))
      places.append(url.path)
    }
    return places
  }
}
