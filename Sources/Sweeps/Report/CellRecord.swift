import BenchCore

/// One model of a sweep in its report: the numbers of its result file that a sweep is about.
package struct CellRecord: Sendable, Equatable, Codable {
  package var id: String
  package var strength: Double
  package var seed: UInt64
  package var status: Status
  /// Why there are no measurements.
  package var failure: String?
  package var measured: Measured?

  package enum Status: String, Sendable, Codable {
    case complete, failed
  }

  package struct Measured: Sendable, Equatable, Codable {
    /// SHA-256 of `model.ckpt`.
    package var checkpoint: String
    package var accuracy: Estimate
    package var sensitivity: [SensitivityEntry]
    /// R, K, A and G of the rule, and the share of the alignment that belongs to the image.
    package var sensitivityRatio: Estimate
    package var onManifoldRetention: Estimate?
    package var accuracyRetention: Estimate?
    package var alignment: Estimate
    package var specificShare: Estimate?
    package var label: RegimeLabel
    package var leadingLabel: RegimeLabel
    package var confidence: Double
    /// Where they were attacked.
    package var robustness: [RobustnessBrief]?
    /// The model that K and A are relative to, where they are relative to one of the sweep (`SweepStandards`).
    package var standardModel: String?
  }

  package init(_ cell: SweepCell, _ result: EvaluationResult) {
    (id, strength, seed, status) = (cell.id, cell.strength, cell.seed, .complete)
    let evidence = result.regime.evidence
    measured = Measured(
      checkpoint: result.model.checkpoint?.sha256 ?? "", accuracy: result.measurements.accuracy,
      sensitivity: result.measurements.sensitivity, sensitivityRatio: evidence.sensitivityRatio,
      onManifoldRetention: evidence.onManifoldRetention, accuracyRetention: evidence.accuracyRetention,
      alignment: evidence.alignment, specificShare: evidence.specificShare, label: result.regime.label,
      leadingLabel: evidence.leadingLabel, confidence: result.regime.confidence,
      robustness: result.robustness?.map(RobustnessBrief.init),
      standardModel: SweepStandards.measuredStandard(of: result)?.models.first)
  }

  package init(_ cell: SweepCell, failure: String) {
    (id, strength, seed, status) = (cell.id, cell.strength, cell.seed, .failed)
    self.failure = failure
  }
}
