import BenchCore
import Foundation

/// From a file or `claims.standardModel` to the model that A, K and the gain of the rule are relative to.
struct StandardModelLoader {
  let files: ProjectFiles?
  let plugins: [any ModelPlugin.Type]
  /// The model's own; of its options batch and threads count.
  let loading: LoadOptions
  /// Whether one's own leaderboard is looked at too.
  let acceptsOwn: Bool

  /// - Parameter given: a checkpoint or a model.json.
  /// - Returns: nil where neither names one.
  /// - Throws: `StandardModelError`, and what loading throws.
  func standard(
    given: String?, of subject: EvaluationSubject, on task: any BenchmarkTask
  ) throws -> StandardModel? {
    if let given { return try load(given, on: task) }
    // Its sensitivities are along the task's own tangent spaces.
    guard subject.task == task.id, task.manifold?.learned == nil, let claimed = subject.claims?.standardModel else {
      return nil
    }
    return StandardModel(stating: try stated(claimed, by: subject.record.id, on: task))
  }

  private func load(_ path: String, on task: any BenchmarkTask) throws -> StandardModel {
    let loader = ModelLoader(files, plugins: plugins)
    let candidate = try loader.find(path, description: nil)
    let model = try loader.load(
      candidate,
      LoadOptions(
        batch: loading.batch, threads: loading.threads, imageShape: task.imageShape, classCount: task.classCount))
    let subject = EvaluationSubject(candidate, model)
    guard subject.reservations.isEmpty else {
      throw StandardModelError.reservations(path, subject.reservations)
    }
    return StandardModel(
      id: subject.record.id, sha256: subject.record.checkpoint?.sha256, classifier: model.classifier)
  }

  /// What the result of a model on the leaderboard says; of one that is measured here alone, on one's own.
  private func stated(_ id: String, by model: String, on task: any BenchmarkTask) throws -> StandardReference {
    // Beside the leaderboard stand the results of other data, which are those of this task where it has them too.
    let standings: [Leaderboard.Standing] = task.isComparable ? [.ranked] : [.ranked, .unranked]
    let places =
      ResultValidation.isIdentifier(id)
      ? [files?.leaderboard, acceptsOwn ? files?.ownLeaderboard : nil].compactMap(\.self).flatMap { folder in
        standings.map { Leaderboard(directory: folder).resultURL($0, task: task.id, model: id) }
      } : []
    guard let url = places.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
      throw StandardModelError.noResult(id: id, model: model, task: task.id)
    }
    let result = try ResultFile.read(url)
    guard result.task.version == task.version, case .v2(let evidence) = result.regime.evidence else {
      throw StandardModelError.oldResult(id: id, model: model)
    }
    if let reservations = result.regime.reservations { throw StandardModelError.reservations(id, reservations) }
    guard evidence.classification.temperatureScale != nil else {
      throw EvaluationError.standardDoesNotClassify(model: id)
    }
    return StandardReference(
      id: id, sha256: result.model.checkpoint?.sha256,
      stated: .init(
        accuracy: evidence.classification.accuracy, onManifold: evidence.signal.onManifold,
        specific: evidence.alignment.specific, ratio: evidence.robustness.ratio))
  }
}

/// Why a model cannot be the standard of another.
public enum StandardModelError: Error, Sendable, CustomStringConvertible {
  case reservations(String, [RegimeReservation])
  case noResult(id: String, model: String, task: String)
  case oldResult(id: String, model: String)

  public var description: String {
    switch self {
    case .reservations(let path, let reservations):
      "\(path): cannot be a standard (\(reservations.map(\.rawValue).joined(separator: ", "))): describe it in a model.json beside "
        + "it, with its normalisation"
    case .noResult(let id, let model, let task):
      "\(model): claims.standardModel names `\(id)`, of which the leaderboard has no result on \(task); evaluate it first, or pass "
        + "--standard FILE"
    case .oldResult(let id, let model):
      "\(model): claims.standardModel names `\(id)`, whose result is of another version of the task or the rule; evaluate it again, "
        + "or pass --standard FILE"
    }
  }
}
