import ArgumentParser
import BenchCore
import Foundation
import JSON
import Networks
import Plugins
import Sweeps
import Training

/// `pags-bench sweep`: one objective over strengths and seeds, to figure 3 of the paper.
struct SweepCommand: ReportingCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep", abstract: "Trains and measures an objective over strengths and seeds; draws figure 3.",
    discussion: """
      Trains a model for each strength and seed into the folder --output, measures it, prints a table with what holds of the \
      paper's figure 3, and writes sweep.json, sweep.csv and figure3.svg. What is complete is not done again: a sweep that \
      was stopped goes on when the same command is given, and may be extended by strengths and seeds. Models are made side by \
      side, one on each of --threads. The result does not \
      depend on --threads, on --shard, or on interruptions.

      sweep --report DIR draws what is there again, without training; given several times, with --figure FILE, it draws \
      several sweeps side by side. How to: docs/sweep.md
      """)

  @Option(help: ArgumentHelp("Folder of the sweep.", valueName: "dir"), completion: .directory)
  var output: String?

  @Option(
    help: ArgumentHelp("Only draw: folder of a sweep. May be repeated.", valueName: "dir"), completion: .directory)
  var report: [String] = []

  @Option(
    help: ArgumentHelp("Also write the figure here, of all folders given to --report.", valueName: "file"),
    completion: .file())
  var figure: String?

  @OptionGroup(title: "Models") var sweep: SweepOptions

  @OptionGroup(title: "How they are judged, as of the command evaluate") var judgement: JudgementOptions

  @OptionGroup(title: "How they are attacked, as of the command evaluate") var attackOptions: EvaluationAttackOptions

  @OptionGroup var dataOptions: DataOptions

  @OptionGroup var cache: CacheOptions

  @OptionGroup var threadOptions: ThreadOptions

  @OptionGroup(title: "Networks on another device (docs/devices.md)") var deviceOptions: DeviceOptions

  @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

  @OptionGroup(title: "Training, as of the command train") var training: TrainingOptions

  func validate() throws {
    _ = try figureFile()
    guard report.isEmpty else {
      if output != nil { throw ValidationError("--report draws what is there; it does not go with --output") }
      if reporting.json, report.count > 1 { throw ValidationError("--json prints one sweep; pass one --report") }
      return
    }
    guard output != nil else {
      throw ValidationError("pass --output DIR, or --report DIR to draw a sweep that is there")
    }
    if training.strength != nil { throw ValidationError("--strength: a sweep takes --strengths") }
    if training.course.seed != nil { throw ValidationError("--seed: a sweep takes --seeds") }
    _ = try sweep.grid()
  }

  func run() throws {
    if report.isEmpty { try train() } else { try draw() }
  }

  // MARK: Drawing

  private func draw() throws {
    try checkFigure()
    var sweeps: [(folder: String, report: SweepReport)] = []
    for path in report {
      let folder = SweepFolder(URL(fileURLWithPath: path))
      let report = try SweepReport(reading: folder)
      try show(report, folder)
      sweeps.append((path, report))
    }
    try writeFigure(sweeps)
  }

  /// Looks whether the figure can be made and written.
  func checkFigure() throws {
    try figureFile()?.check()
  }

  private func writeFigure(_ sweeps: [(folder: String, report: SweepReport)]) throws {
    guard let file = try figureFile(), let drawn = try Figure3Drawing.figure(sweeps) else { return }
    try file.write(drawn)
    if !reporting.quiet { CommandLineOutput.note("wrote \(file.path)") }
  }

  private func figureFile() throws -> FigureFile? { try figure.map { try FigureFile($0, option: "--figure") } }

  private func show(_ report: SweepReport, _ folder: SweepFolder) throws {
    let files = try report.write(to: folder)
    try reporting.result(report, text: SweepTable.text(report))
    if !reporting.quiet { for file in files { CommandLineOutput.note("wrote \(file)") } }
  }

  // MARK: Training

  private func train() throws {
    Interruption.install()
    let progress = TerminalProgress(quiet: reporting.quiet)
    defer { progress.end() }
    let folder = SweepFolder(URL(fileURLWithPath: output ?? ""))
    try OutputPlace.checkFolder(folder.url)
    try checkFigure()
    let configuration = try training.configuration()
    let cells = try sweep.grid().cells(objective: configuration.objective.name)
    let part = try sweep.part()
    let outcome: SweepRunner.Outcome
    do {
      let work = try work(configuration, progress)
      outcome = try SweepRunner(
        folder: folder, definition: try definition(work), work: work, threads: threadOptions.threads
      ).run(part.part(of: cells), progress: progress)
    } catch is CancellationError {
      progress.end()
      CommandLineOutput.error("stopped; the same command goes on from here")
      throw ExitCode(130)
    }
    progress.end()
    let report = try SweepReport(reading: folder)
    let missing = report.missing(of: cells)
    if missing.isEmpty {
      try show(report, folder)
      try writeFigure([(folder.url.path, report)])
    } else {
      CommandLineOutput.note(
        "\(cells.count - missing.count) of \(cells.count) models are there; when the other processes are done, draw with: "
          + "pags-bench sweep --report \(folder.url.path)")
    }
    if !outcome.failures.isEmpty { throw SweepError.modelsFailed(outcome.failures) }
  }

  /// Unknown objectives and networks, and networks that the task's images do not fit, are said before anything is made.
  /// - Throws: `TrainingError`, `ModelError`, `ValidationError`.
  func checkTraining(_ configuration: TrainingConfiguration) throws {
    _ = try ObjectiveCatalogue.make(configuration.objective)
    let facts = try TaskLookup.plugin(configuration.task).facts
    guard configuration.twinOf == nil, let shape = facts.imageShape, !facts.classNames.isEmpty else { return }
    _ = try TrainableNetwork(
      architecture: configuration.architecture,
      NetworkSize(inputShape: shape, classCount: facts.classNames.count, width: configuration.width),
      preprocessing: configuration.preprocessing)
  }

  private func work(
    _ configuration: TrainingConfiguration, _ progress: any ProgressReporter
  ) throws -> CheckpointSweepWork {
    try checkTraining(configuration)
    let options = try TaskLookup.options(
      configuration.task, data: dataOptions.data, cache: cache.folder, threads: threadOptions.threads,
      progress: progress)
    let plugin = try TaskLookup.plugin(configuration.task)
    let task = try plugin.make(options)
    var configuration = configuration
    configuration.task = plugin.id
    if let remark = task.dataRemark { progress.note("WARNING: \(remark)") }
    let files = ProjectFiles.locate() ?? ProjectFiles(root: URL(fileURLWithPath: "."))
    var evaluation = EvaluationOptions(toolVersion: PagsBench.version)
    evaluation.images = sweep.evaluationImages ?? task.defaultImageCount
    evaluation.seed = sweep.evaluationSeed
    evaluation.references = judgement.files
    attackOptions.choose(in: &evaluation)
    evaluation.loading.threads = threadOptions.threads
    evaluation.shared = cache.shared
    return CheckpointSweepWork(
      configuration: configuration, plugin: plugin, taskOptions: options,
      evaluation: try ModelEvaluation(arguments: evaluation, of: task, files: files))
  }

  private func definition(_ work: CheckpointSweepWork) throws -> SweepDefinition {
    var shared = work.configuration
    shared.objective.strength = 0
    shared.seed = 0
    let (task, options) = (work.evaluation.task, work.evaluation.options)
    return SweepDefinition(
      task: .init(id: task.id, version: task.version, classes: task.classCount), architecture: shared.architecture,
      objective: shared.objective.name, recipe: try CheckpointSweepWork.json(shared),
      evaluation: .init(
        images: options.images ?? task.defaultImageCount, seed: options.seed, criteria: task.criteriaSource,
        reference: task.secondReference.map { .init(id: $0.id, sha256: $0.learned?.checkpoint.sha256) },
        attacks: options.attacks.isEmpty ? nil : options.attacks, attackedImages: options.attackedImages,
        digest: try task.evaluationStream(count: options.images ?? task.defaultImageCount, seed: options.seed).digest(
          threads: options.loading.threads)))
  }
}

extension SweepCommand: DeviceCommand {
  /// Those of a training step are the recipe's.
  var batch: Int? { nil }
}
