import ArgumentParser
import Attacks
import BenchCore
import Foundation
import JSON
import Plugins

/// `pags-bench direction`: whether gradients point to the closest other class.
struct DirectionCommand: ReportingCommand {
  static let configuration = CommandConfiguration(
    commandName: "direction", abstract: "Compares gradients with the way to the closest other class (alpha).",
    discussion: """
      The cosine of the gradient of the closest other class's logit less the label's with the way from the image to that class, which is \
      known or estimated: exact, as the task is made; nearest, the closest training image of the class; nearest-mean, the mean of the ten \
      closest; density, along the class's score under the task's own density; projected, onto the class's factors in the fitted mixture; \
      learned, by a generator (--generator). Beside it the absolute cosine with the image itself. How to: docs/direction.md
      """)

  @Argument(help: "Checkpoints, model.json files, `bayes`, `bayes:SIGMA` or `margin`.", completion: .file())
  var models: [String]

  @Option(help: ArgumentHelp("Name of a model's row; given once for each model.", valueName: "text"))
  var label: [String] = []

  @Option(
    help: ArgumentHelp(
      "\(DirectionSettings.known.joined(separator: ", ")); separated by commas. (default: all that the task has)",
      valueName: "names"))
  var estimators: String?

  @OptionGroup var directionOptions: DirectionOptions

  @OptionGroup var comparison: ComparisonOptions

  @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

  @OptionGroup var options: ModelOptions

  func validate() throws {
    try ComparedModels.check(options)
    try OptionBounds.check("the number of models", models.count, in: 1...60)
    guard label.isEmpty || label.count == models.count else {
      throw ValidationError("--label is given once for each model: got \(label.count) for \(models.count)")
    }
    _ = try settings()
  }

  private func settings() throws -> DirectionSettings {
    try directionOptions.settings(
      estimators.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) },
      option: "--estimators")
  }

  func run() throws {
    Interruption.install()
    let progress = TerminalProgress(quiet: reporting.quiet)
    defer { progress.end() }
    let compared = try ComparedModels(models, comparison, options, progress: progress)
    try compared.forEachResult { index, _ in
      throw ValidationError("\(models[index]): is a result, which holds no gradients; name the model")
    }
    let evaluation = try compared.evaluation(like: nil, defaultTask: "glyphs")
    let (task, measured, threads) = (evaluation.task, evaluation.options, options.threads)
    let set = try task.evaluationImages(count: measured.images ?? task.defaultImageCount, seed: measured.seed)
    let chosen = try settings().estimators(of: task, threads: threads)
    var rows: [DirectionReport.Model] = []
    try compared.forEachModel({ try evaluation.read($0) }) { index, loaded in
      let subject = loaded.subject
      try GradientView.check(subject.classifier, id: subject.record.id, on: task)
      progress.begin("gradients of \(subject.record.id)", total: set.labels.count)
      rows.append(
        .init(
          label.isEmpty ? subject.record.name : label[index], subject.record,
          try DirectionMeasurement(
            of: subject.classifier, id: subject.record.id, on: set, estimators: chosen, unit: task.imageUnit,
            seed: measured.seed, threads: threads, progress: progress)))
    }
    progress.end()
    let report = DirectionReport(
      task: task.id, taskVersion: task.version, images: set.labels.count, digest: set.digest, seed: measured.seed,
      referenceImages: chosen.referenceImages, noise: chosen.noise, unit: task.imageUnit.publishedName,
      chance: DirectionMeasurement.chance(task.imageShape.count), models: rows)
    try reporting.result(report, text: Table.text([report.table], as: comparison.format))
  }
}
