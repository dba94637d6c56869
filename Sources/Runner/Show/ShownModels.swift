import ArgumentParser
import BenchCore
import Foundation
import Plugins
import Sheets
import Training

/// The models of a sheet: from the command line to classifiers in their order.
struct ShownModels {
  struct Source {
    let argument: String
    let source: ModelSource
    let label: String?
    /// Of its objective; nil for a task's own Bayes classifier.
    let strength: Double?
  }

  static let limit = 0...60

  let sources: [Source]

  static func check(_ models: [String], labels: [String], _ options: ModelOptions) throws {
    try OptionBounds.check("the number of models", models.count, in: limit)
    let count = models.isEmpty && options.program.plugin != nil ? 1 : models.count
    guard labels.isEmpty || labels.count == count else {
      throw ValidationError("--label is given once for each model: got \(labels.count) for \(count)")
    }
    guard models.count < 2 || options.network.model == nil else {
      throw ValidationError("--model describes one checkpoint, got \(models.count); name their model.json instead")
    }
    guard options.program.plugin == nil || models.count < 2 else {
      throw ValidationError("--plugin serves one model, got \(models.count)")
    }
  }

  init(
    _ models: [String], labels: [String], order: ModelOrder = .given, options: ModelOptions, files: ProjectFiles
  ) throws {
    let arguments: [String?] = models.isEmpty && options.program.plugin != nil ? [nil] : models
    let found = try arguments.enumerated().map { index, argument in
      let source = try ModelSource(argument, options: options, files: files)
      return Source(
        argument: argument ?? "the program of --plugin", source: source, label: labels.isEmpty ? nil : labels[index],
        strength: order == .strength ? try Self.strength(of: source, argument ?? "") : nil)
    }
    sources = order == .strength ? Self.byStrength(found) : found
  }

  /// Rising; those without one behind the others, as they were given.
  private static func byStrength(_ sources: [Source]) -> [Source] {
    sources.enumerated().sorted { left, right in
      switch (left.element.strength, right.element.strength) {
      case (let a?, let b?) where a != b: a < b
      case (_?, nil): true
      case (nil, _?): false
      default: left.offset < right.offset
      }
    }.map(\.element)
  }

  /// What `train` and `sweep` leave beside a checkpoint.
  private static func strength(of source: ModelSource, _ argument: String) throws -> Double? {
    guard let candidate = source.candidate else { return nil }
    let recipe = candidate.checkpoint.url.deletingLastPathComponent().appendingPathComponent("recipe.json")
    guard FileManager.default.fileExists(atPath: recipe.path) else {
      throw ValidationError(
        "--order strength: there is no recipe.json beside \(argument), which would say the strength of its objective; give the "
          + "models in their order")
    }
    return try TrainingConfiguration.read(recipe).objective.strength
  }

  var inputs: [OutputPlace.Input?] { sources.flatMap { $0.source.candidate?.inputs ?? [] } }

  /// The task of the first model that has one.
  var taskID: String? { sources.lazy.compactMap(\.source.taskID).first }

  /// Reads them, with what is to be said about how.
  func load(_ evaluation: ModelEvaluation, order: ModelOrder = .given) throws -> [PictureSheet.Model] {
    let models = try sources.map { source in
      let loaded = try evaluation.read(source.source)
      for warning in LoadReport(source.source, loaded)?.warnings ?? [] {
        CommandLineOutput.note("\(source.argument): \(warning)")
      }
      return PictureSheet.Model(
        name: shownName(source.label ?? loaded.subject.record.name), classifier: loaded.subject.classifier)
    }
    return order == .name ? models.sorted { $0.name < $1.name } : models
  }
}
