import BenchCore

/// One model of a sweep in its report: the numbers of its result file that a sweep is about.
public struct CellRecord: Sendable, Equatable, Codable {
  public var id: String
  public var strength: Double
  public var seed: UInt64
  public var status: Status
  /// Why there are no measurements.
  public var failure: String?
  public var measured: Measured?

  public enum Status: String, Sendable, Codable {
    case complete, failed
  }

  public struct Measured: Sendable, Equatable, Codable {
    /// SHA-256 of `model.ckpt`.
    public var checkpoint: String
    public var accuracy: Estimate
    public var sensitivity: [SensitivityEntry]
    /// R, K, A and G of the rule, and the share of the alignment that belongs to the image.
    public var sensitivityRatio: Estimate
    public var onManifoldRetention: Estimate?
    public var accuracyRetention: Estimate?
    public var alignment: Estimate
    public var specificShare: Estimate?
    public var label: RegimeLabel
    public var leadingLabel: RegimeLabel
    public var confidence: Double
    /// The model that K and A are relative to, where they are relative to one of the sweep (`SweepStandards`).
    public var standardModel: String?
  }

  public init(_ cell: SweepCell, _ result: EvaluationResult) {
    (id, strength, seed, status) = (cell.id, cell.strength, cell.seed, .complete)
    let evidence = result.regime.evidence
    measured = Measured(
      checkpoint: result.model.checkpoint?.sha256 ?? "", accuracy: result.measurements.accuracy,
      sensitivity: result.measurements.sensitivity, sensitivityRatio: evidence.sensitivityRatio,
      onManifoldRetention: evidence.onManifoldRetention, accuracyRetention: evidence.accuracyRetention,
      alignment: evidence.alignment, specificShare: evidence.specificShare, label: result.regime.label,
      leadingLabel: evidence.leadingLabel, confidence: result.regime.confidence,
      standardModel: SweepStandards.measuredStandard(of: result)?.models.first)
  }

  public init(_ cell: SweepCell, failure: String) {
    (id, strength, seed, status) = (cell.id, cell.strength, cell.seed, .failed)
    self.failure = failure
  }
}
