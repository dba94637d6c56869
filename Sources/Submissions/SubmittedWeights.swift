import BenchCore
import Checkpoints
import Text

/// The files beside an ONNX model that hold its weights: a submission takes them along under the names that the model gives them.
package enum SubmittedWeights {
  /// Files of a submission that are not the model's.
  static let ownNames = ["model.json", "README.md"]

  /// Refuses names that have no place among a submission's files, before anything is copied or measured.
  /// - Throws: `SubmissionError.weightsName`.
  package static func check(_ checkpoint: CheckpointFile, of id: String = "any") throws {
    let own = Set((ownNames + [checkpoint.name]).map { $0.lowercased() })
    for file in checkpoint.externalFiles
    where own.contains(file.name.lowercased()) || !LeaderboardChange.Place.model(id, file: file.name).isAllowed {
      throw SubmissionError.weightsName(file: checkpoint.name, name: PlainText.shown(file.name))
    }
  }

  /// Why a model that was fetched alone is none.
  static func elsewhere(_ locations: [String]) -> String {
    let names = locations.prefix(3).map { "`\(PlainText.shown($0))`" }.joined(separator: ", ")
    let others = names + (locations.count > 3 ? " and \(locations.count - 3) more" : "")
    return "is an ONNX model whose weights lie in other files (\(others)), and one address gives one file; "
      + "save the weights within the model, or submit it without `url`, with these files beside it"
  }
}
