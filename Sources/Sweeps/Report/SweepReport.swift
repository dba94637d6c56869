import BenchCore

/// A sweep's numbers: `sweep.json`. A function of the result files but for their provenance.
package struct SweepReport: Sendable, Equatable, Codable {
  package static let currentSchemaVersion = 1

  package var schemaVersion = Self.currentSchemaVersion
  package var definition: SweepDefinition
  /// The steps at which the rule compares (`ProtocolRecord`); 0 where no model is complete.
  package var smallStep: Double
  package var wideStep: Double
  /// The noise of the reference classifier whose gradient is compared with.
  package var alignmentNoise: Double
  /// Whether that classifier is the Bayes-optimal one.
  package var referenceIsExact: Bool
  /// The Bayes classifier, where it is known.
  package var reference: Reference?
  /// By strength, then by seed.
  package var models: [CellRecord]
  package var strengths: [StrengthSummary]
  package var checks: [SweepCheck]

  package struct Reference: Sendable, Equatable, Codable {
    package var accuracy: Estimate
    package var sensitivity: [SensitivityEntry]
  }

  /// - Parameters:
  ///   - models: each with what is there of it; cells without either result or failure are left out by the caller.
  ///   - results: of the complete ones; the first tells the protocol.
  package init(
    definition: SweepDefinition, models: [(record: CellRecord, result: EvaluationResult?)],
    reference: EvaluationResult?
  ) {
    self.definition = definition
    let first = models.lazy.compactMap(\.result).first
    let sorted = models.map(\.record).sorted { ($0.strength, $0.seed) < ($1.strength, $1.seed) }
    smallStep = first?.measurementProtocol.smallStep ?? 0
    wideStep = first?.measurementProtocol.wideStep ?? 0
    alignmentNoise = first?.measurementProtocol.decisiveNoise ?? 0
    referenceIsExact = first?.task.density?.isExact ?? false
    self.models = sorted
    self.reference = reference.map {
      Reference(accuracy: $0.measurements.accuracy, sensitivity: $0.measurements.sensitivity)
    }
    let records = self.models
    strengths = Set(records.map(\.strength)).sorted().compactMap { strength in
      StrengthSummary(strength: strength, records.filter { $0.strength == strength })
    }
    checks =
      first == nil
      ? [] : SweepChecks(strengths: strengths, records: records, smallStep: smallStep, wideStep: wideStep).all
  }

  package var seeds: [UInt64] { Set(models.map(\.seed)).sorted() }
}
