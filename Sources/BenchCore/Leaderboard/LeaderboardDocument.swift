/// `leaderboard/leaderboard.json`: every result in brief, a pure function of the result files.
public struct LeaderboardDocument: Sendable, Equatable, Codable {
  public static let currentSchemaVersion = 1

  public var schemaVersion: Int
  /// By id, then version.
  public var tasks: [TaskSection]

  public struct TaskSection: Sendable, Equatable, Codable {
    public var id: String
    public var version: Int
    /// Bayes-aligned, weak, excessive, indeterminate; within a regime by falling accuracy, then by id.
    public var entries: [Entry]
  }

  public struct Entry: Sendable, Equatable, Codable {
    public var id: String
    public var name: String
    public var architecture: String
    public var parameters: Int
    public var regime: RegimeLabel
    public var confidence: Double
    public var accuracy: Estimate
    /// R of the rule.
    public var sensitivityRatio: Estimate
    /// K of the rule, where known.
    public var onManifoldRetention: Estimate?
    /// A of the rule, where known.
    public var accuracyRetention: Estimate?
    /// G of the rule.
    public var alignment: Estimate
    /// Definition 2 of the relative off-manifold robustness.
    public var relativeRobustness: Estimate
    public var images: Int
    public var seed: UInt64
    /// Of the checkpoint, where there is one.
    public var sha256: String?
    /// The result file, relative to the leaderboard's folder.
    public var result: String
  }

  public init(_ results: [EvaluationResult]) {
    schemaVersion = Self.currentSchemaVersion
    let groups = Dictionary(grouping: results) { TaskKey(id: $0.task.id, version: $0.task.version) }
    tasks = groups.keys.sorted().map { key in
      TaskSection(
        id: key.id, version: key.version, entries: (groups[key] ?? []).sorted(by: Self.precedes).map(Entry.init))
    }
  }

  private struct TaskKey: Hashable, Comparable {
    let id: String
    let version: Int

    static func < (left: TaskKey, right: TaskKey) -> Bool { (left.id, left.version) < (right.id, right.version) }
  }

  private static func precedes(_ left: EvaluationResult, _ right: EvaluationResult) -> Bool {
    func key(_ result: EvaluationResult) -> (Int, Double, String) {
      (
        RegimeLabel.ranked.firstIndex(of: result.regime.label) ?? RegimeLabel.ranked.count,
        -(result.measurements.accuracy.value ?? 0), result.model.id
      )
    }
    return key(left) < key(right)
  }
}

extension LeaderboardDocument.Entry {
  init(_ result: EvaluationResult) {
    let evidence = result.regime.evidence
    self.init(
      id: result.model.id, name: result.model.name, architecture: result.model.architecture,
      parameters: result.model.parameters, regime: result.regime.label, confidence: result.regime.confidence,
      accuracy: result.measurements.accuracy, sensitivityRatio: evidence.sensitivityRatio.ratio,
      onManifoldRetention: evidence.onManifoldRetention.ratio, accuracyRetention: evidence.accuracyRetention.ratio,
      alignment: evidence.alignment.cosine,
      relativeRobustness: result.measurements.relativeRobustness.definition2.estimate,
      images: result.measurementProtocol.images, seed: result.measurementProtocol.seed,
      sha256: result.model.checkpoint?.sha256, result: Leaderboard.resultPath(of: result))
  }
}
