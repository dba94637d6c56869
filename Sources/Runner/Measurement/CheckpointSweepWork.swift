import BenchCore
import Foundation
import JSON
import Plugins
import Sweeps
import Training

/// The models of a sweep as `train` trains and `evaluate` measures them.
struct CheckpointSweepWork: SweepWork {
  /// Of all models but for strength and seed.
  let configuration: TrainingConfiguration
  let plugin: any TaskPlugin
  /// Where the task's data are; its threads and its reporter are replaced.
  let taskOptions: TaskOptions
  let evaluation: ModelEvaluation

  var trainingStages: Int { configuration.epochs }

  /// A strength of 0 is cross-entropy by name, so that the sweeps of all objectives begin with the same models, and none
  /// computes a penalty to multiply it with zero.
  func configuration(of cell: SweepCell) -> TrainingConfiguration {
    var configuration = configuration
    configuration.objective.name = cell.strength == 0 ? CrossEntropy.id : cell.objective
    configuration.objective.strength = cell.strength
    configuration.seed = cell.seed
    return configuration
  }

  func recipe(_ cell: SweepCell) throws -> JSONValue { try Self.json(configuration(of: cell)) }

  static func json(_ configuration: TrainingConfiguration) throws -> JSONValue {
    try JSONDecoding.parse(try JSONEncoding.encode(configuration), source: "recipe.json")
  }

  func train(_ cell: SweepCell, into folder: URL, threads: Int, progress: any ProgressReporter) throws {
    var options = taskOptions
    options.threads = threads
    options.progress = progress
    _ = try ClassifierTraining(configuration(of: cell), task: plugin, options: options).run(in: folder, id: cell.id)
  }

  func evaluate(
    _ cell: SweepCell, in folder: URL, threads: Int, progress: any ProgressReporter
  ) throws -> EvaluationOutcome {
    let evaluation = evaluation.with(threads: threads)
    let checkpoint = folder.appendingPathComponent("model.ckpt").path
    var subject = try evaluation.load(checkpoint).subject
    // A claim is there to catch a model that was read wrongly. This one was written by this program, and its own accuracy on
    // other images would be missed by chance in one of many models.
    subject.claims?.accuracy = nil
    return try evaluation.measure(subject, progress: progress)
  }

  func reference(threads: Int, progress: any ProgressReporter) throws -> EvaluationResult? {
    guard evaluation.task.densityIsExact else { return nil }
    return try evaluation.with(threads: threads).run(.bayes(noise: 0), progress: progress).result
  }
}
