import ArgumentParser
import BenchCore
import Figures
import Foundation
import JSON
import Plugins
import Sheets

/// `pags-bench distractor`: the paper's figures 5 and 16.
struct DistractorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "distractor",
    abstract: "Responses to noise on the signal and on the distractor (the paper's figures 5 and 16).",
    discussion: """
      On a task that knows which pixels carry the label. Takes models, which are measured, and result files of `evaluate` on such a \
      task. Models of one --label, of several seeds, are one line with their range. How to: docs/distractor.md
      """)

  @Argument(help: "Result files, checkpoints, model.json files, `bayes` or `bayes:SIGMA`.")
  var models: [String]

  @Option(help: ArgumentHelp("Name of a model's line; given once for each model.", valueName: "text"))
  var label: [String] = []

  @Option(help: "Task to measure models on. (default: that of the first result or model, otherwise mnist-distractor)")
  var task: String?

  @OptionGroup var dataOptions: DataOptions

  @OptionGroup var cache: CacheOptions

  @Option(help: "Number of images. (default: that of the first result, or the task's own)")
  var images: Int?

  @Option(help: "Seed of drawn images, of noise and of the intervals. (default: that of the first result, or 0)")
  var seed: UInt64?

  @Option(help: ArgumentHelp("Figure 5: .svg, .pdf or .png.", valueName: "file"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Figure 16: the first images with noise on either block, and the models' gradients.", valueName: "file"))
  var sheet: String?

  @Option(help: "Standard deviation of the noise on the sheet.")
  var sheetNoise: Double = DistractorSheet.defaultNoise

  @Option(help: "Images of the sheet.")
  var sheetImages: Int = 10

  @Option(help: "How the table is written: \(Table.Format.allCases.map(\.rawValue).joined(separator: ", ")).")
  var format: Table.Format = .text

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "No progress on standard error.")
  var quiet = false

  @OptionGroup var options: ModelOptions

  func validate() throws {
    try OptionBounds.check("the number of models", models.count, in: 1...60)
    try OptionBounds.check("--images", images, in: OptionBounds.images)
    try OptionBounds.check("--seed", seed, in: OptionBounds.seed)
    try OptionBounds.check("--sheet-images", sheetImages, in: SheetOptions.imageLimit)
    guard sheetNoise > 0, sheetNoise <= 1000 else {
      throw ValidationError("--sheet-noise must be above 0 and at most 1000, got \(sheetNoise)")
    }
    guard label.isEmpty || label.count == models.count else {
      throw ValidationError("--label is given once for each model: got \(label.count) for \(models.count)")
    }
    let lines = label.isEmpty ? models.count : Set(label).count
    if output != nil, lines > Figure5.lineLimit {
      throw ValidationError(
        "--output: a figure has at most \(Figure5.lineLimit) lines, these are \(lines); give models of one kind the same --label"
      )
    }
    _ = try figureFile()
    if let sheet { _ = try SheetFile(sheet, option: "--sheet") }
    if let task { _ = try TaskLookup.plugin(task) }
    guard options.network.model == nil, options.program.plugin == nil else {
      throw ValidationError("--model and --plugin are of one model; evaluate it first and name its result")
    }
  }

  func run() throws {
    Interruption.install()
    let progress = TerminalProgress(quiet: quiet)
    defer { progress.end() }
    let files = ProjectFiles.locate() ?? ProjectFiles(root: URL(fileURLWithPath: "."))
    // All of them are found before the first is measured.
    let sources = try models.map { try ModelOrResult($0, options: options, files: files) }
    let inputs = models.map { OutputPlace.Input("a model", $0) }
    let sheetFile = try sheet.map { try SheetFile($0, option: "--sheet") }
    try sheetFile?.check(apartFrom: inputs)
    let figureFile = try figureFile()
    try figureFile?.check(apartFrom: inputs)

    var results: [Int: EvaluationResult] = [:]
    for (index, source) in sources.enumerated() {
      if case .result(let url) = source { results[index] = try ResultFile.read(url) }
    }
    let first = results.min { $0.key < $1.key }?.value
    var shares: [Int: SignalShares] = [:]
    if results.count < sources.count || sheetFile != nil {
      let evaluation = try evaluation(like: first, sources, files, progress)
      let set = try evaluation.task.evaluationImages(
        count: images ?? evaluation.options.images ?? evaluation.task.defaultImageCount,
        seed: evaluation.options.seed)
      guard let mask = set.signalMask else { throw DistractorError.noSignal(task: evaluation.task.id) }
      var shown: [PictureSheet.Model] = []
      for (index, source) in sources.enumerated() {
        guard case .model(let model) = source else { continue }
        let loaded = try evaluation.read(model)
        for warning in LoadReport(model, loaded)?.warnings ?? [] {
          CommandLineOutput.note("\(models[index]): \(warning)")
        }
        results[index] = try evaluation.measure(loaded.subject, progress: progress).result
        progress.begin("gradients", total: set.labels.count)
        shares[index] = try SignalShares(
          of: loaded.subject.classifier, id: loaded.subject.record.id, on: set, seed: evaluation.options.seed,
          threads: options.threads, progress: progress)
        shown.append(
          .init(
            name: PlainText.printable(label.isEmpty ? loaded.subject.record.name : label[index]),
            classifier: loaded.subject.classifier))
      }
      if let sheetFile {
        let picture = try DistractorSheet(noise: sheetNoise, seed: evaluation.options.seed, threads: options.threads)
          .sheet(
            of: shown, on: evaluation.task, set, mask, images: min(sheetImages, set.labels.count), progress: progress)
        try Interruption.check()
        try sheetFile.write(picture)
      }
    }
    progress.end()
    let report = try DistractorReport(
      models.indices.compactMap { index in
        results[index].map { (models[index], label.isEmpty ? nil : label[index], $0, shares[index]) }
      })
    try figureFile?.write(report.figure.figure)
    CommandLineOutput.result(
      json
        ? String(decoding: try JSONEncoding.encode(report), as: UTF8.self) : Table.text([report.table], as: format))
  }

  private func figureFile() throws -> FigureFile? { try output.map { try FigureFile($0, option: "--output") } }

  /// As the first result was measured, where there is one.
  private func evaluation(
    like first: EvaluationResult?, _ sources: [ModelOrResult], _ files: ProjectFiles, _ progress: any ProgressReporter
  ) throws -> ModelEvaluation {
    let own = sources.lazy.compactMap { source in
      if case .model(let model) = source { model.taskID } else { nil }
    }.first
    let id = task ?? first?.task.id ?? own ?? "mnist-distractor"
    let base = try TaskLookup.make(
      id, data: dataOptions.data, cache: cache.folder, threads: options.threads, progress: progress)
    var settings = EvaluationOptions(toolVersion: PagsBench.version)
    settings.images = images ?? first?.measurementProtocol.images
    settings.seed = seed ?? first?.measurementProtocol.seed ?? 0
    settings.loading = try options.loadOptions(imageShape: nil, classCount: nil)
    settings.shared = cache.shared
    return try ModelEvaluation(arguments: settings, of: base, files: files)
  }
}
