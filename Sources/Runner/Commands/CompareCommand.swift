import ArgumentParser
import BenchCore
import Foundation
import JSON
import Plugins

/// `pags-bench compare`: models side by side, image by image.
struct CompareCommand: ReportingCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Compares models on the same images, with intervals of their paired differences.",
    discussion: """
      Takes result files of `evaluate` with their samples (<name>.samples.safetensors) beside them, and models, which are evaluated \
      first: on the task, the images and the seed of the first result, where there is one. Differences are from the first. Models \
      that were not measured on the same images, along the same directions and against the same references are refused.
      """)

  @Argument(
    help:
      "Result files or their samples, checkpoints, model.json files, `bayes`, `bayes:SIGMA` or `margin`; two at least.",
    completion: .file())
  var models: [String]

  @OptionGroup var maps: MapSelection

  @OptionGroup var comparison: ComparisonOptions

  @Option(
    help: ArgumentHelp(
      "Only these columns, in this order: \(PairedComparison.columns.map(\.key).joined(separator: ", ")).",
      valueName: "a,b,c"))
  var columns: String?

  @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

  @OptionGroup var options: ModelOptions

  private static let limit = 2...100

  func validate() throws {
    try ComparedModels.check(options)
    try OptionBounds.check("the number of models", models.count, in: Self.limit)
    // Before anything is measured.
    _ = try TableColumns.keys(columns, among: PairedComparison.columns)
  }

  func run() throws {
    Interruption.install()
    let progress = TerminalProgress(quiet: reporting.quiet)
    defer { progress.end() }
    let compared = try ComparedModels(models, comparison, options, progress: progress)
    var measured: [Int: PairedComparison.Measured] = [:]
    try compared.forEachResult { measured[$0] = try read($1) }
    let first = measured.min { $0.key < $1.key }?.value.result
    if compared.haveModels {
      let evaluation = try compared.evaluation(like: first, defaultTask: "glyphs", references: maps.files)
      try compared.forEachModel({ try evaluation.load($0) }) { index, loaded in
        let outcome = try evaluation.measure(loaded.subject, progress: progress)
        measured[index] = .init(source: models[index], result: outcome.result, samples: outcome.samples)
      }
    }
    progress.end()
    let paired = try PairedComparison(models.indices.compactMap { measured[$0] })
    try reporting.result(
      paired.document,
      text: Table.text([try TableColumns.choose(columns, of: paired.table)], as: comparison.format))
  }

  private func read(_ url: URL) throws -> PairedComparison.Measured {
    let samples = SampleFile.url(beside: url)
    let result = try ResultFile.read(url)
    guard FileManager.default.fileExists(atPath: samples.path) else { throw ReclassifyError.noSamples(url.path) }
    return .init(source: url.path, result: result, samples: try SampleFile.read(samples).samples)
  }
}

extension Table.Format: ExpressibleByArgument {}
