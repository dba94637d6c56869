import BenchCore
import Plugins

/// What a user is told about how a checkpoint was understood.
struct LoadReport {
  let lines: [String]
  /// Said at once and again in the summary, whatever else is quiet.
  let warnings: [String]

  /// - Returns: nil for a task's own Bayes classifier, which is in no checkpoint.
  init?(_ source: ModelSource, _ loaded: ModelEvaluation.Loaded) {
    guard let candidate = source.candidate, let model = loaded.model else { return nil }
    self.init(candidate, model)
  }

  init(_ candidate: ModelLoader.Candidate, _ model: LoadedModel) {
    func list(_ values: [Float]) -> String { values.map { "\($0)" }.joined(separator: " ") }
    let assumption =
      model.preprocessingIsAssumed
      ? "WARNING: nothing says how pixels are normalised; ASSUMED none. If the network was trained on normalised pixels, "
        + "all numbers are wrong: pass --mean and --std, or write a model.json"
      : nil
    let doubts = model.warnings + (model.preprocessing.remark.map { [$0] } ?? [])
    warnings = (assumption.map { [$0] } ?? []) + doubts.map { "WARNING: \($0)" }
    let isItsOwnArchitecture = candidate.format == model.architecture
    let kind = isItsOwnArchitecture ? candidate.format : "\(candidate.format), \(model.architecture)"
    let isRecognised = candidate.server == nil && !isItsOwnArchitecture
    let size = model.preprocessing.resize.map { $0.map(String.init).joined(separator: " x ") }
    let resizing = size.map { ["images: brought to \($0) before that, bilinearly, as a part of the network"] } ?? []
    lines =
      [
        "\(candidate.checkpoint.name): \(kind), \(model.parameters) parameters, "
          + "input \(model.classifier.inputShape), \(model.classifier.classCount) classes",
        candidate.descriptionPath.map { "description: \($0)" }
          ?? (isRecognised ? "description: none; recognised from the tensors" : "description: none"),
        assumption ?? "normalisation: mean \(list(model.preprocessing.mean)), std \(list(model.preprocessing.std))",
      ] + resizing + warnings.dropFirst(assumption == nil ? 0 : 1) + model.notes.map { "note: \($0)" }
  }
}
