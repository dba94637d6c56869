import ArgumentParser
import BenchCore
import Checkpoints
import Foundation
import Plugins
import Served

/// What `evaluate` was asked to measure: a checkpoint, or a task's own Bayes classifier.
enum SubjectSource {
  case checkpoint(ModelLoader, ModelLoader.Candidate)
  case bayes(noise: Double)

  init(_ argument: String?, options: ModelOptions, files: ProjectFiles) throws {
    if let argument, options.program.plugin == nil, argument == "bayes" || argument.hasPrefix("bayes:"),
      !Self.isFile(argument)
    {
      let text = argument.dropFirst("bayes:".count)
      guard argument == "bayes" || Double(text).map({ $0 >= 0 && $0.isFinite }) ?? false else {
        throw ValidationError("`\(argument)`: expected bayes:SIGMA with a noise level of at least 0, such as bayes:0.5")
      }
      self = .bayes(noise: Double(text) ?? 0)
      return
    }
    let loader = ModelLoader(files, plugins: PagsBench.plugins.models)
    self = .checkpoint(loader, try loader.find(argument, options))
  }

  /// Whether there is a file of that name; a folder is no checkpoint.
  private static func isFile(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
  }

  /// The files that it is read from.
  var inputs: [OutputPlace.Input?] {
    guard case .checkpoint(_, let candidate) = self else { return [] }
    return candidate.inputs
  }

  /// The task that the model was made for, where that is known.
  var taskID: String? {
    if case .checkpoint(_, let candidate) = self { candidate.description?.task } else { nil }
  }

  /// - Returns: the model, and how its checkpoint was understood.
  func subject(
    on task: any BenchmarkTask, options: ModelOptions
  ) throws -> (subject: EvaluationSubject, report: LoadReport?) {
    switch self {
    case .bayes(let noise):
      return (try bayes(noise, on: task, threads: options.threads), nil)
    case .checkpoint(let loader, let candidate):
      let model = try loader.load(
        candidate, options.loadOptions(imageShape: task.imageShape, classCount: task.classCount))
      if let served = model.classifier as? ExternalClassifier {
        try served.requireGradients()
        try checkIndependence(of: served, on: task)
      }
      return (Self.subject(candidate, model), LoadReport(candidate, model))
    }
  }

  /// A program may hold its model in training mode, which no measurement would show.
  private func checkIndependence(of served: ExternalClassifier, on task: any BenchmarkTask) throws {
    // What does not fit the task is refused by the evaluation, which knows better words.
    guard served.inputShape == task.imageShape, served.classCount == task.classCount else { return }
    let count = min(ExternalClassifier.imagesToCheck, task.defaultImageCount)
    try served.checkIndependence(at: try task.evaluationImages(count: count, seed: 0).images)
  }

  /// A loaded model as what is evaluated.
  static func subject(_ candidate: ModelLoader.Candidate, _ model: LoadedModel) -> EvaluationSubject {
    // Without a checkpoint and a description it is the program that has a name.
    let ownName = candidate.program.flatMap { $0.checkpoint == nil ? model.plugin?.id : nil }
    let id = candidate.description?.id ?? ownName ?? Self.id(fromFile: candidate.checkpoint.name)
    let record = ModelRecord(
      id: id, name: candidate.description?.name ?? ownName ?? candidate.checkpoint.name,
      checkpoint: .init(
        file: candidate.checkpoint.name, sha256: candidate.checkpoint.sha256,
        bytes: candidate.checkpoint.byteCount, format: candidate.format),
      plugin: model.plugin ?? .init(id: candidate.plugin.id, version: candidate.plugin.version),
      architecture: model.architecture, parameters: model.parameters, preprocessing: model.preprocessing,
      source: candidate.description?.source, weights: model.weights)
    return EvaluationSubject(
      classifier: model.classifier, record: record, task: candidate.description?.task,
      claims: candidate.description?.claims,
      reservations: (model.preprocessingIsAssumed ? [.assumedNormalisation] : [])
        + (model.unusedTensors > 0 ? [.unusedTensors] : []))
  }

  private func bayes(_ noise: Double, on task: any BenchmarkTask, threads: Int) throws -> EvaluationSubject {
    guard let density = task.density else {
      throw ValidationError("`bayes`: task `\(task.id)` has no density, and so no Bayes classifier; name a checkpoint")
    }
    let kind = task.densityIsExact ? "Bayes classifier" : "Bayes classifier of the fitted density"
    let record = ModelRecord(
      id: noise == 0 ? "bayes" : "bayes-\(noise)",
      name: noise == 0 ? kind : "\(kind), smoothed with noise \(noise)", checkpoint: nil,
      plugin: .init(id: "bayes", version: "1"), architecture: density.id, parameters: 0,
      preprocessing: .identity(channels: task.imageShape[0]))
    return EvaluationSubject(
      classifier: DensityClassifier(density, noise: noise, threads: threads), record: record,
      reservations: task.densityIsExact ? [] : [.referenceMaterial])
  }

  /// A file's name as an id: lower case, what an id may not hold replaced by `-`.
  static func id(fromFile name: String) -> String {
    let stem = name.split(separator: ".").count > 1 ? name[..<(name.lastIndex(of: ".") ?? name.endIndex)] : name[...]
    let mapped = stem.lowercased().map { character -> Character in
      character.isASCII && (character.isLetter || character.isNumber || "._-".contains(character)) ? character : "-"
    }
    let id = String(mapped.drop { !($0.isLetter || $0.isNumber) })
    return id.isEmpty ? "model" : id
  }
}
