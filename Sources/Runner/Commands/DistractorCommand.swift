import ArgumentParser
import BenchCore
import Figures
import Foundation
import JSON
import Plugins
import Sheets
import Text

/// `pags-bench distractor`: the paper's figures 5 and 16.
struct DistractorCommand: ReportingCommand {
  static let configuration = CommandConfiguration(
    commandName: "distractor",
    abstract: "Responses to noise on the signal and on the distractor (the paper's figures 5 and 16).",
    discussion: """
      On a task that knows which pixels carry the label. Takes models, which are measured, and result files of `evaluate` on such a \
      task. Models of one --label, of several seeds, are one line with their range. How to: docs/distractor.md
      """)

  @Argument(
    help: "Result files, checkpoints, model.json files, `bayes`, `bayes:SIGMA` or `margin`.", completion: .file())
  var models: [String]

  @Option(help: ArgumentHelp("Name of a model's line; given once for each model.", valueName: "text"))
  var label: [String] = []

  @Option(help: ArgumentHelp("Figure 5: .svg, .pdf or .png.", valueName: "file"), completion: .file())
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Figure 16: the first images with noise on either block, and the models' gradients.", valueName: "file"),
    completion: .file())
  var sheet: String?

  @Option(help: "Standard deviation of the noise on the sheet.")
  var sheetNoise: Double = DistractorSheet.defaultNoise

  @Option(help: "Images of the sheet.")
  var sheetImages: Int = 10

  @OptionGroup var comparison: ComparisonOptions

  @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

  @OptionGroup var options: ModelOptions

  func validate() throws {
    try ComparedModels.check(options)
    try OptionBounds.check("the number of models", models.count, in: 1...60)
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
  }

  func run() throws {
    Interruption.install()
    let progress = TerminalProgress(quiet: reporting.quiet)
    defer { progress.end() }
    let compared = try ComparedModels(models, comparison, options, progress: progress)
    let inputs = models.map { OutputPlace.Input("a model", $0) }
    let sheetFile = try sheet.map { try SheetFile($0, option: "--sheet") }
    guard sheetFile == nil || compared.haveModels else {
      throw ValidationError("--sheet shows gradients, which no result holds; name a checkpoint too")
    }
    try sheetFile?.check(apartFrom: inputs)
    let figureFile = try figureFile()
    try figureFile?.check(apartFrom: inputs)

    var results: [Int: EvaluationResult] = [:]
    try compared.forEachResult { results[$0] = try ResultFile.read($1) }
    var shares: [Int: SignalShares] = [:]
    if compared.haveModels {
      let evaluation = try compared.evaluation(
        like: results.min { $0.key < $1.key }?.value, defaultTask: "mnist-distractor")
      let seed = evaluation.options.seed
      let set = try evaluation.task.evaluationImages(
        count: evaluation.options.images ?? evaluation.task.defaultImageCount, seed: seed)
      guard let mask = set.signalMask else { throw DistractorError.noSignal(task: evaluation.task.id) }
      var shown: [PictureSheet.Model] = []
      try compared.forEachModel({ try evaluation.read($0) }) { index, loaded in
        let subject = loaded.subject
        results[index] = try evaluation.measure(subject, progress: progress).result
        progress.begin("gradients", total: set.labels.count)
        shares[index] = try SignalShares(
          of: subject.classifier, id: subject.record.id, on: set, seed: seed, threads: options.threads,
          progress: progress)
        shown.append(
          .init(
            name: PlainText.printable(label.isEmpty ? subject.record.name : label[index]),
            classifier: subject.classifier))
      }
      if let sheetFile {
        let picture = try DistractorSheet(noise: sheetNoise, seed: seed, threads: options.threads).sheet(
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
    try reporting.result(report, text: Table.text([report.table], as: comparison.format))
  }

  private func figureFile() throws -> FigureFile? { try output.map { try FigureFile($0, option: "--output") } }
}
