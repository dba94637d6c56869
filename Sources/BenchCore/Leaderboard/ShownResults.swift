/// What tables and pages show: the results of a leaderboard, and those of one's own in its folder `own`.
package struct ShownResults: Sendable {
  package let models: [EvaluatedModel]
  /// Those that stand beside.
  package let unranked: [EvaluatedModel]

  /// - Parameter withOwn: an own result that repeats a committed one (same checkpoint, images and seed, hence the same numbers) is
  ///   left out.
  /// - Throws: what reading either throws.
  package init(of leaderboard: Leaderboard, withOwn: Bool) throws {
    var (models, unranked) = (try leaderboard.models(), try leaderboard.unranked())
    if withOwn {
      models += Self.new(try leaderboard.own.models(), beside: models)
      unranked += Self.new(try leaderboard.own.unranked(), beside: unranked)
    }
    (self.models, self.unranked) = (models, unranked)
  }

  package var document: LeaderboardDocument { LeaderboardDocument(models, unranked: unranked) }

  /// Own results with their places in the committed leaderboard's folder.
  private static func new(_ own: [EvaluatedModel], beside committed: [EvaluatedModel]) -> [EvaluatedModel] {
    let known = Set(committed.map { EvaluationKey($0.result) })
    return own.filter { !known.contains(EvaluationKey($0.result)) }.map { $0.moved(to: Leaderboard.ownFolder) }
  }
}

/// What decides the numbers of a result on given data.
private struct EvaluationKey: Hashable {
  let model: String
  let sha256: String?
  let task: String
  let version: Int
  let digest: String
  let images: Int
  let seed: UInt64
  let clip: Bool

  init(_ result: EvaluationResult) {
    (model, sha256) = (result.model.id, result.model.checkpoint?.sha256)
    (task, version, digest) = (result.task.id, result.task.version, result.task.dataset.digest)
    let settings = result.measurementProtocol
    (images, seed, clip) = (settings.images, settings.seed, settings.clip)
  }
}
