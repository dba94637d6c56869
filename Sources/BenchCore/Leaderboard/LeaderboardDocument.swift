/// `leaderboard/leaderboard.json`: every result in brief, a pure function of the result files.
package struct LeaderboardDocument: Sendable, Equatable, Codable {
  package static let currentSchemaVersion = 1

  package var schemaVersion: Int
  /// By id, then version.
  package var tasks: [TaskSection]
  /// What stands beside the leaderboard, by id, version and reason; absent where nothing does.
  package var unranked: [TaskSection]?

  package struct TaskSection: Sendable, Equatable, Codable {
    package var id: String
    package var version: Int
    /// Why these results are not compared with others; absent where they are.
    package var beside: UnrankedReason?
    /// Bayes-aligned, weak, excessive, indeterminate; within a regime by falling accuracy, then by id.
    package var entries: [Entry]
  }

  package struct Entry: Sendable, Equatable, Codable {
    package var id: String
    package var name: String
    package var architecture: String
    package var parameters: Int
    package var regime: RegimeLabel
    package var confidence: Double
    package var accuracy: Estimate
    /// R of the rule.
    package var sensitivityRatio: Estimate
    /// K of the rule, where known.
    package var onManifoldRetention: Estimate?
    /// A of the rule, where known.
    package var accuracyRetention: Estimate?
    /// G of the rule.
    package var alignment: Estimate
    /// The share of the alignment that belongs to the image; absent under rule v1.
    package var specificShare: Estimate?
    /// The version of the rule.
    package var rule: String
    /// What stands against the label.
    package var reservations: [RegimeReservation]?
    /// Definition 2 of the relative off-manifold robustness; a result with a verdict has it.
    package var relativeRobustness: Estimate?
    /// What attacks found, where some were made: of the submitted result.
    package var robustness: [RobustnessBrief]?
    /// Where its gradients point to, and what networks learn from there, where that was measured: of the submitted result.
    package var direction: DirectionResult?
    package var roar: RoarResult?
    package var images: Int
    package var seed: UInt64
    /// Of the checkpoint, where there is one.
    package var sha256: String?
    /// The result file, relative to the leaderboard's folder.
    package var result: String
    /// Where others have measured the model too: all evaluations, the submitted one first. The entry's accuracy is the lowest
    /// of them, and its regime, with the numbers it rests on, that of the one that comes last in the order of regimes.
    package var evaluations: [Evaluation]?
    /// The files that accuracy and regime are taken from, where there are several.
    package var accuracyFrom: String?
    package var regimeFrom: String?

    /// Whether it is from one's own leaderboard, which the committed one knows nothing of.
    package var isOwn: Bool { result.hasPrefix("\(Leaderboard.ownFolder)/") }

    /// Beside those of the committed leaderboard; the identifier where the name has nothing to show.
    package var shownName: String {
      let shown = name.contains { !$0.isWhitespace } ? name : id
      return isOwn ? "\(shown) (own)" : shown
    }

    /// The label with what stands against it, such as `weak (assumed-normalisation)`: whoever reads a table reads no sentences.
    package var qualifiedRegime: String {
      guard let reservations, !reservations.isEmpty else { return regime.word }
      return "\(regime.word) (\(reservations.map(\.rawValue).joined(separator: ", ")))"
    }

    /// Whether a label is given that something stands against.
    package var hasReservation: Bool { regime != .indeterminate && !(reservations ?? []).isEmpty }
  }

  /// One evaluation of a model that others have measured too.
  package struct Evaluation: Sendable, Equatable, Codable {
    /// Absent for the submitted one.
    package var evaluator: String?
    package var url: String?
    package var note: String?
    package var regime: RegimeLabel
    package var confidence: Double
    package var accuracy: Estimate
    package var result: String
  }

  package init(_ results: [EvaluationResult]) { self.init(results.map { EvaluatedModel($0) }) }

  /// - Parameter unranked: results that are not compared, for the reasons they have.
  package init(_ models: [EvaluatedModel], unranked: [EvaluatedModel] = []) {
    schemaVersion = Self.currentSchemaVersion
    tasks = Self.sections(models)
    self.unranked = unranked.isEmpty ? nil : Self.sections(unranked)
  }

  /// The sections of one task.
  package func only(_ task: String) -> Self {
    var result = self
    result.tasks.removeAll { $0.id != task }
    result.unranked?.removeAll { $0.id != task }
    return result
  }

  private static func sections(_ models: [EvaluatedModel]) -> [TaskSection] {
    let groups = Dictionary(grouping: models) { TaskKey($0.result) }
    return groups.keys.sorted().map { key in
      TaskSection(
        id: key.id, version: key.version, beside: key.beside,
        entries: (groups[key] ?? []).map(Entry.init).sorted(by: precedes))
    }
  }

  private struct TaskKey: Hashable, Comparable {
    let id: String
    let version: Int
    let beside: UnrankedReason?

    init(_ result: EvaluationResult) {
      (id, version, beside) = (result.task.id, result.task.version, UnrankedReason(result))
    }

    static func < (left: TaskKey, right: TaskKey) -> Bool {
      (left.id, left.version, left.beside?.sentence ?? "") < (right.id, right.version, right.beside?.sentence ?? "")
    }
  }

  private static func precedes(_ left: Entry, _ right: Entry) -> Bool {
    func key(_ entry: Entry) -> (Int, Double, String) {
      (
        RegimeLabel.ranked.firstIndex(of: entry.regime) ?? RegimeLabel.ranked.count, -(entry.accuracy.value ?? 0),
        entry.id
      )
    }
    return key(left) < key(right)
  }
}

extension LeaderboardDocument.Entry {
  init(_ model: EvaluatedModel) {
    let result = model.result
    let (accuracy, regime) = (model.lowestAccuracy, model.lowestRegime)
    let evidence = regime.result.regime.evidence
    self.init(
      id: result.model.id, name: result.model.name, architecture: result.model.architecture,
      parameters: result.model.parameters, regime: regime.result.regime.label,
      confidence: regime.result.regime.confidence, accuracy: accuracy.result.measurements.accuracy,
      sensitivityRatio: evidence.sensitivityRatio, onManifoldRetention: evidence.onManifoldRetention,
      accuracyRetention: evidence.accuracyRetention, alignment: evidence.alignment,
      specificShare: evidence.specificShare, rule: evidence.rule, reservations: regime.result.regime.reservations,
      relativeRobustness: regime.result.measurements.relativeRobustness?.definition2.estimate,
      robustness: result.robustness?.map(RobustnessBrief.init), direction: result.direction, roar: result.roar,
      images: result.measurementProtocol.images, seed: result.measurementProtocol.seed,
      sha256: result.model.checkpoint?.sha256, result: model.path)
    guard !model.external.isEmpty else { return }
    evaluations = model.all.map { path, result in
      LeaderboardDocument.Evaluation(
        evaluator: result.externalEvaluation?.evaluator, url: result.externalEvaluation?.url,
        note: result.externalEvaluation?.note, regime: result.regime.label, confidence: result.regime.confidence,
        accuracy: result.measurements.accuracy, result: path)
    }
    (accuracyFrom, regimeFrom) = (accuracy.path, regime.path)
  }
}
