/// Who repeated an evaluation that somebody else submitted; a result file under `<model-id>.external/` carries it.
public struct ExternalEvaluationRecord: Sendable, Equatable, Codable {
  /// A person or a group.
  public var evaluator: String
  public var url: String?
  public var note: String?

  public init(evaluator: String, url: String? = nil, note: String? = nil) {
    self.evaluator = evaluator
    self.url = url
    self.note = note
  }
}

extension EvaluationResult {
  /// Why this result cannot stand beside a submitted one as another evaluation of the same model; empty where it can.
  ///
  /// What may differ is who measured, where, when, with which version of the tool, seed and threads, and more images.
  public func problems(asEvaluationOf submitted: EvaluationResult) -> [String] {
    var problems: [String] = []
    func require(_ condition: Bool, _ problem: @autoclosure () -> String) {
      if !condition { problems.append(problem()) }
    }
    func same<Value: Equatable>(_ name: String, _ value: (EvaluationResult) -> Value) {
      let (here, there) = (value(self), value(submitted))
      require(here == there, "\(name): is \(here), the submitted result has \(there)")
    }
    same("model.id") { $0.model.id }
    same("model.checkpoint.sha256") { $0.model.checkpoint?.sha256 ?? "none" }
    same("model.plugin.id") { $0.model.plugin.id }
    same("model.architecture") { $0.model.architecture }
    same("model.preprocessing.mean") { $0.model.preprocessing.mean }
    same("model.preprocessing.std") { $0.model.preprocessing.std }
    same("model.preprocessing.resize") { $0.model.preprocessing.resize ?? [] }
    same("task.id") { $0.task.id }
    same("task.version") { $0.task.version }
    same("task.dataset.name") { $0.task.dataset.name }
    same("task.dataset.split") { $0.task.dataset.split }
    same("task.manifold.id") { $0.task.manifold?.id ?? "none" }
    same("task.score.id") { $0.task.score?.id ?? "none" }
    same("task.density.id") { $0.task.density?.id ?? "none" }
    same("protocol.clip") { $0.measurementProtocol.clip }
    same("protocol.rule") { $0.measurementProtocol.rule }
    same("protocol.stepSizes") { $0.measurementProtocol.stepSizes }
    same("protocol.decisiveNoise") { $0.measurementProtocol.decisiveNoise }
    let (images, least) = (measurementProtocol.images, submitted.measurementProtocol.images)
    require(
      images >= least, "protocol.images: is \(images), the submitted result has \(least); measure at least as many")
    if images == least, measurementProtocol.seed == submitted.measurementProtocol.seed {
      same("task.dataset.digest") { $0.task.dataset.digest }
    }
    require(hasVerdict, "regime: is not named")
    require(task.hasOwnReferences, "task: was not measured and judged with the task's own references alone")
    return problems
  }
}

/// A submitted result with the external evaluations of it. A class, because a result is hundreds of references, and whoever lists models
/// hands them on many times.
package final class EvaluatedModel: Sendable {
  package let result: EvaluationResult
  /// With their paths relative to the leaderboard's folder, in the order of their numbers.
  package let external: [(path: String, result: EvaluationResult)]
  /// Where the result lies, relative to the leaderboard's folder.
  package let path: String

  package convenience init(_ result: EvaluationResult, external: [(path: String, result: EvaluationResult)] = []) {
    self.init(result, external: external, path: Leaderboard.path(of: result))
  }

  private init(_ result: EvaluationResult, external: [(path: String, result: EvaluationResult)], path: String) {
    (self.result, self.external, self.path) = (result, external, path)
  }

  /// The same on a leaderboard that lies in a folder of this one.
  func moved(to folder: String) -> EvaluatedModel {
    EvaluatedModel(
      result, external: external.map { ("\(folder)/\($0.path)", $0.result) }, path: "\(folder)/\(path)")
  }

  /// All evaluations, the submitted one first.
  var all: [(path: String, result: EvaluationResult)] { [(path, result)] + external }

  /// The one with the lowest accuracy; the submitted one among equals.
  var lowestAccuracy: (path: String, result: EvaluationResult) {
    all.dropFirst().reduce(all[0]) { lowest, next in
      (next.result.measurements.accuracy.value ?? 0) < (lowest.result.measurements.accuracy.value ?? 0) ? next : lowest
    }
  }

  /// The one whose regime comes last in the order of the leaderboard; the submitted one among equals.
  var lowestRegime: (path: String, result: EvaluationResult) {
    func rank(_ result: EvaluationResult) -> Int { RegimeLabel.ranked.firstIndex(of: result.regime.label) ?? .max }
    return all.dropFirst().reduce(all[0]) { lowest, next in rank(next.result) > rank(lowest.result) ? next : lowest }
  }
}
