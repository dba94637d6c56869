import BenchCore
import Plugins

/// What a user is told about how a checkpoint was understood.
enum LoadReport {
  static func lines(_ candidate: ModelLoader.Candidate, _ model: LoadedModel) -> [String] {
    var lines = [
      "\(candidate.checkpoint.name): \(candidate.format), \(model.architecture), \(model.parameters) parameters, input "
        + "\(model.classifier.inputShape), \(model.classifier.classCount) classes",
      candidate.descriptionPath.map { "description: \($0)" } ?? "description: none; recognised from the tensors",
    ]
    if model.preprocessingIsAssumed {
      lines.append(
        "WARNING: nothing says how pixels are normalised; ASSUMED none. If the network was trained on normalised pixels, "
          + "all numbers are wrong: pass --mean and --std, or write a model.json")
    } else {
      lines.append("normalisation: mean \(list(model.preprocessing.mean)), std \(list(model.preprocessing.std))")
    }
    return lines + model.notes.map { "note: \($0)" }
  }

  private static func list(_ values: [Float]) -> String { values.map { "\($0)" }.joined(separator: " ") }
}
