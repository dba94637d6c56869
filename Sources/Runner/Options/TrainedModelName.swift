import ArgumentParser
import BenchCore
import Foundation
import Text
import Training

/// What a trained model is called.
enum TrainedModelName {
  /// - Throws: `ValidationError` for what could not be read again in a description.
  static func check(id: String?, name: String?) throws {
    if let id, id.wholeMatch(of: /[a-z0-9][a-z0-9._-]*/) == nil {
      throw ValidationError(
        "--id must consist of lower-case letters, digits, `.`, `_` and `-`, and begin with a letter or digit, got `\(id)`"
      )
    }
    if let problem = name.flatMap({ PlainText.problem(in: $0) }) { throw ValidationError("--name \(problem)") }
  }

  /// What is printed with `--json` when the training is complete.
  private struct Trained: Encodable {
    let checkpoint: String
    let description: ModelDescription
  }

  /// Prints what came of a training.
  static func show(_ description: ModelDescription, in folder: URL, _ reporting: ReportingOptions) throws {
    let accuracy =
      description.claims?.accuracy.map {
        String(format: ", accuracy on test images %.4f (the first \(ClassifierTraining.testImageCount) at most)", $0)
      } ?? ""
    let checkpoint = folder.appendingPathComponent("model.ckpt").path
    try reporting.result(
      Trained(checkpoint: checkpoint, description: description), text: "\(checkpoint): \(description.name)\(accuracy)")
  }
}
