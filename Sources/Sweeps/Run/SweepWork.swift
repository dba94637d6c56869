import BenchCore
import Foundation
import JSON

/// Trains and evaluates the models of a sweep.
package protocol SweepWork: Sendable {
  /// The cell's complete training configuration.
  func recipe(_ cell: SweepCell) throws -> JSONValue

  /// How many stages of equal length training tells its progress in; at least 1.
  var trainingStages: Int { get }

  /// Trains the cell's model into `folder`, as `model.ckpt` and, last, `model.json` with its digest, going on from what an interrupted training
  /// left there. The files are a function of the recipe, not of `threads` or of interruptions.
  func train(_ cell: SweepCell, into folder: URL, threads: Int, progress: any ProgressReporter) throws

  /// Evaluates `folder`'s model. All but the provenance is a function of the model and the sweep's definition.
  func evaluate(
    _ cell: SweepCell, in folder: URL, threads: Int, progress: any ProgressReporter
  ) throws -> EvaluationOutcome

  /// The task's own Bayes classifier under the same protocol; nil where it is not known.
  func reference(threads: Int, progress: any ProgressReporter) throws -> EvaluationResult?
}
