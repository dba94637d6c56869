import ArgumentParser
import Attacks
import BenchCore
import Foundation
import JSON
import Plugins

/// `pags-bench direction`: whether gradients point to the closest other class.
struct DirectionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "direction", abstract: "Compares gradients with the way to the closest other class (alpha).",
    discussion: """
      The cosine of the gradient of the closest other class's logit less the label's with the way from the image to that class, which is \
      estimated: nearest, the closest training image of the class; nearest-mean, the mean of the ten closest; density, along the class's score \
      under the task's own density, where it has one. Beside it the absolute cosine with the image itself. How to: docs/direction.md
      """)

  @Argument(help: "Checkpoints, model.json files, `bayes` or `bayes:SIGMA`.")
  var models: [String]

  @Option(help: ArgumentHelp("Name of a model's row; given once for each model.", valueName: "text"))
  var label: [String] = []

  @Option(
    help: ArgumentHelp(
      "nearest, nearest-mean, density; separated by commas. (default: all that the task has)", valueName: "names"))
  var estimators: String?

  @Option(help: "Training images among which the nearest are looked for, the first ones.")
  var referenceImages: Int = 10_000

  @OptionGroup var comparison: ComparisonOptions

  @OptionGroup var options: ModelOptions

  /// Of `nearest-mean`.
  private static let neighbours = 10
  private static let known = ["nearest", "nearest-mean", "density"]

  func validate() throws {
    try ComparedModels.check(options)
    try OptionBounds.check("--reference-images", referenceImages, in: OptionBounds.images)
    try OptionBounds.check("the number of models", models.count, in: 1...60)
    guard label.isEmpty || label.count == models.count else {
      throw ValidationError("--label is given once for each model: got \(label.count) for \(models.count)")
    }
    let chosen = chosenEstimators ?? []
    guard chosen.allSatisfy(Self.known.contains), Set(chosen).count == chosen.count,
      estimators == nil || !chosen.isEmpty
    else {
      throw ValidationError(
        "--estimators must be different ones of \(Self.known.joined(separator: ", ")), got `\(estimators ?? "")`")
    }
  }

  private var chosenEstimators: [String]? {
    estimators.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
  }

  func run() throws {
    Interruption.install()
    let progress = TerminalProgress(quiet: comparison.quiet)
    defer { progress.end() }
    let compared = try ComparedModels(models, comparison, options, progress: progress)
    try compared.forEachResult { index, _ in
      throw ValidationError("\(models[index]): is a result, which holds no gradients; name the model")
    }
    let evaluation = try compared.evaluation(like: nil, defaultTask: "glyphs")
    let (task, settings, threads) = (evaluation.task, evaluation.options, options.threads)
    let set = try task.evaluationImages(count: settings.images ?? task.defaultImageCount, seed: settings.seed)
    let reference = try training(of: task, progress)
    let chosen = try estimators(of: task, reference)
    var rows: [DirectionReport.Model] = []
    try compared.forEachModel({ try evaluation.read($0) }) { index, loaded in
      let subject = loaded.subject
      try GradientView.check(subject.classifier, id: subject.record.id, on: task)
      progress.begin("gradients of \(subject.record.id)", total: set.labels.count)
      rows.append(
        .init(
          label.isEmpty ? subject.record.name : label[index], subject.record,
          try DirectionMeasurement(
            of: subject.classifier, id: subject.record.id, on: set, estimators: chosen, seed: settings.seed,
            threads: threads, progress: progress)))
    }
    progress.end()
    let report = DirectionReport(
      task: task.id, taskVersion: task.version, images: set.labels.count, digest: set.digest, seed: settings.seed,
      referenceImages: chosen.contains { $0 is NearestImages } ? reference.map { min($0.count, referenceImages) } : nil,
      noise: chosen.contains { $0 is DensityStep } ? task.protocolConstants.decisiveNoise : nil,
      chance: DirectionMeasurement.chance(task.imageShape.count), models: rows)
    CommandLineOutput.result(
      comparison.json
        ? String(decoding: try JSONEncoding.encode(report), as: UTF8.self)
        : Table.text([report.table], as: comparison.format))
  }

  private func training(of task: any BenchmarkTask, _ progress: TerminalProgress) throws -> (any LabelledImages)? {
    let id = comparison.task ?? task.id
    let taskOptions = try TaskLookup.options(
      id, data: comparison.dataOptions.data, cache: comparison.cache.folder, threads: options.threads,
      progress: progress)
    return try TaskLookup.plugin(id).images(.training, taskOptions, count: nil, seed: 7)
  }

  private func estimators(
    of task: any BenchmarkTask, _ reference: (any LabelledImages)?
  ) throws -> [any ClosestPoints] {
    try (chosenEstimators ?? Self.known).compactMap { name -> (any ClosestPoints)? in
      switch name {
      case "density":
        if let density = task.density { return DensityStep(density, noise: task.protocolConstants.decisiveNoise) }
      default:
        if let reference {
          return try NearestImages(
            reference, count: referenceImages, neighbours: name == "nearest" ? 1 : Self.neighbours)
        }
      }
      guard chosenEstimators == nil else {
        throw ValidationError(
          "--estimators \(name): task \(task.id) has no \(name == "density" ? "density" : "training images")")
      }
      return nil
    }
  }
}
