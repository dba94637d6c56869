import ArgumentParser
import BenchCore
import Figures
import Foundation
import JSON
import Plugins
import Training

/// `pags-bench diffroar`: whether networks learn from the pixels that a model's gradients point to.
struct DiffROARCommand: ReportingCommand {
  static let configuration = CommandConfiguration(
    commandName: "diffroar",
    abstract: "Trains networks on the pixels that gradients call important, and on the others (DiffROAR).",
    discussion: """
      For each model and each share of the coordinates, --runs networks are trained on images of which only the coordinates with the largest input \
      gradient are left, and as many with the smallest; DiffROAR is the difference of their test accuracies. Random and blurred random \
      attributions stand beside them: what they reach says nothing. The networks that are trained are those of `train`: \
      --recipe, --arch, --epochs and so on. How to: docs/diffroar.md
      """)

  @Argument(help: "Checkpoints, model.json files, `bayes`, `bayes:SIGMA` or `margin`.", completion: .file())
  var models: [String]

  @Option(help: ArgumentHelp("Name of a model's line; given once for each model.", valueName: "text"))
  var label: [String] = []

  @OptionGroup var dataOptions: DataOptions

  @OptionGroup var cache: CacheOptions

  @Option(
    help: ArgumentHelp(
      "Shares of the coordinates that are left. (default: 0.05,0.1,0.2,0.3,0.5,0.7,0.9)", valueName: "a,b,..."))
  var shares: String?

  @Option(help: "Networks of each kind, with seeds from --seed on.")
  var runs: Int = 1

  @Option(help: "Test images.")
  var testImages: Int = 2000

  @Flag(help: "Leave the random attributions out.")
  var noControls = false

  @Option(help: ArgumentHelp("The figure: .svg, .pdf or .png.", valueName: "file"), completion: .file())
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Also put the model's curve into this result of evaluate of the same model, as its `roar`, which no rule uses.",
      valueName: "result"), completion: .file())
  var addTo: String?

  @Option(help: "How the table is written: \(Table.Format.allCases.map(\.rawValue).joined(separator: ", ")).")
  var format: Table.Format = .text

  @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

  @OptionGroup(title: "The networks that are trained") var training: TrainingOptions

  @OptionGroup var threadOptions: ThreadOptions

  private static let publishedShares = [0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9]

  func validate() throws {
    try OptionBounds.check("--runs", runs, in: 1...100)
    try OptionBounds.check("--test-images", testImages, in: OptionBounds.images)
    try OptionBounds.check("the number of models", models.count, in: 1...20)
    guard label.isEmpty || label.count == models.count else {
      throw ValidationError("--label is given once for each model: got \(label.count) for \(models.count)")
    }
    _ = try chosenShares()
    _ = try figureFile()
    if addTo != nil, models.count != 1 {
      throw ValidationError("--add-to: a result is of one model, and there are \(models.count)")
    }
    let lines = models.count + (noControls ? 0 : 2)
    if output != nil, lines > FigureDiffROAR.lineLimit {
      throw ValidationError("--output: a figure has at most \(FigureDiffROAR.lineLimit) lines, these are \(lines)")
    }
  }

  private func chosenShares() throws -> [Double] {
    guard let shares else { return Self.publishedShares }
    let chosen = NumberListArguments.numbers(shares, of: Double.self) ?? []
    guard (1...30).contains(chosen.count), chosen.allSatisfy({ $0 > 0 && $0 < 1 }), Set(chosen).count == chosen.count
    else {
      throw ValidationError("--shares must be different numbers between 0 and 1, got `\(shares)`")
    }
    return chosen.sorted()
  }

  private func figureFile() throws -> FigureFile? { try output.map { try FigureFile($0, option: "--output") } }

  func run() throws {
    Interruption.install()
    let progress = TerminalProgress(quiet: reporting.quiet)
    defer { progress.end() }
    let figureFile = try figureFile()
    try figureFile?.check(apartFrom: models.map { OutputPlace.Input("a model", $0) })
    var configuration = try training.configuration()
    guard configuration.kind == .classifier else {
      throw ValidationError("--kind: classifiers are trained here, got \(configuration.kind.rawValue)")
    }
    var target = try addTo.map { try ResultFile.read(URL(fileURLWithPath: $0)) }
    let files = ProjectFiles.locate() ?? ProjectFiles(root: URL(fileURLWithPath: "."))
    let sources = try models.map { try ModelSource($0, files: files) }
    let plugin = try TaskLookup.plugin(
      training.task ?? sources.lazy.compactMap(\.taskID).first ?? configuration.task)
    configuration.task = plugin.id
    let options = try TaskLookup.options(
      plugin.id, data: dataOptions.data, cache: cache.folder, threads: threadOptions.threads, progress: progress)
    let measurement = try DiffROAR(
      configuration, shares: try chosenShares(), runs: runs, testImages: testImages, task: plugin, options: options)
    // All models are read before the first network is trained.
    var evaluation = EvaluationOptions(toolVersion: PagsBench.version)
    evaluation.loading = LoadOptions(threads: threadOptions.threads)
    let reading = try ModelEvaluation(of: plugin.make(options), evaluation, files: files)
    let loaded = try sources.enumerated().map { index, source in
      let model = try reading.read(source)
      for warning in LoadReport(source, model)?.warnings ?? [] {
        CommandLineOutput.note("\(models[index]): \(warning)")
      }
      return model.subject
    }

    if let target, let subject = loaded.first {
      try Self.check(target, file: addTo ?? "", is: subject.record, task: plugin.id, version: plugin.facts.version)
    }

    let whole = try measurement.unmasked()
    func curve(_ source: AttributionOrder.Source, _ label: String, _ record: ModelRecord?) throws
      -> DiffROARReport.Curve
    {
      DiffROARReport.Curve(
        label: label, id: record?.id, sha256: record?.checkpoint?.sha256,
        points: try measurement.curve(of: source, name: label).map { .init($0, images: measurement.testImages) })
    }
    var curves = try loaded.enumerated().map { index, subject in
      try curve(
        .gradient(subject.classifier, id: subject.record.id), label.isEmpty ? subject.record.name : label[index],
        subject.record)
    }
    if !noControls { curves += [try curve(.random, "random", nil), try curve(.blurredRandom, "random, blurred", nil)] }
    progress.end()
    try Interruption.check()
    let report = DiffROARReport(
      task: plugin.id, taskVersion: plugin.facts.version, architecture: configuration.architecture,
      objective: configuration.objective.title, epochs: configuration.epochs, trainImages: measurement.trainImages,
      testImages: measurement.testImages, runs: runs, seed: configuration.seed,
      unmasked: DiffROARReport.estimate(whole, images: measurement.testImages), unmaskedRuns: whole, curves: curves)
    try figureFile?.write(report.figure.figure)
    if let addTo {
      target?.roar = report.result(of: curves[0])
      if let target { try ResultFile.write(target, to: URL(fileURLWithPath: addTo)) }
    }
    try reporting.result(report, text: Table.text([report.table], as: format))
  }

  /// Before the first network is trained: the curve of another model is no part of a result.
  private static func check(
    _ result: EvaluationResult, file: String, is model: ModelRecord, task: String, version: Int?
  ) throws {
    guard result.task.id == task, version == nil || result.task.version == version else {
      throw ValidationError(
        "--add-to \(file): is a result of task \(result.task.id) version \(result.task.version), and this is \(task)"
          + (version.map { " version \($0)" } ?? ""))
    }
    guard result.model.id == model.id || model.checkpoint != nil,
      result.model.checkpoint?.sha256 == model.checkpoint?.sha256
    else {
      throw ValidationError(
        "--add-to \(file): is a result of \(result.model.id), another checkpoint than that of \(model.id)")
    }
  }
}
