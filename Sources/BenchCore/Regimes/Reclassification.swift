/// A rule applied to stored samples, without the model.
package enum Reclassification {
  /// - Parameters:
  ///   - version: of the rule.
  ///   - standard: the samples of the standard twin's own evaluation on the same images, by which K, A and the gain are measured; nil to
  ///     keep what the samples were measured with.
  ///   - criteria: thresholds and recorded standards in place of those that the samples were measured with, and where they are
  ///     from; nil to keep those.
  /// - Returns: the result with the rule's verdict, and the samples it rests on. Nothing else changes.
  /// - Throws: `RegimeRuleError`, and `ReclassificationError` where samples, result and standard are not of one evaluation.
  package static func outcome(
    _ result: EvaluationResult, _ file: SampleFile, version: String = RegimeRule.version,
    standard: (result: EvaluationResult, samples: SampleTable)? = nil,
    criteria: (criteria: RegimeCriteria, source: CriteriaSource)? = nil
  ) throws -> EvaluationOutcome {
    let settings = result.measurementProtocol
    let missing = result.regime.evidence.notApplied?.missing ?? []
    // Thresholds are what rule v2 has of the task.
    let hasCriteria = criteria != nil || version == RegimeRuleV1.version
    if let notApplied = RegimeNotApplied(missing.filter { $0 != .criteria || !hasCriteria }) {
      throw ReclassificationError.notApplied(model: result.model.id, notApplied)
    }
    guard file.samples.rowCount == settings.images else {
      throw ReclassificationError.otherSamples(
        model: result.model.id, expected: settings.images, got: file.samples.rowCount)
    }
    guard var inputs = file.inputs ?? RegimeInputs(measuredUnderV1: result) else {
      throw ReclassificationError.noInputs(model: result.model.id)
    }
    var samples = file.samples
    if let standard {
      try check(standard.result, against: result)
      guard standard.samples.rowCount == samples.rowCount else {
        throw ReclassificationError.otherSamples(
          model: standard.result.model.id, expected: samples.rowCount, got: standard.samples.rowCount)
      }
      samples = try samples.withStandard(standard.samples, id: standard.result.model.id)
      inputs.standard = StandardReference(
        id: standard.result.model.id, sha256: standard.result.model.checkpoint?.sha256)
    }
    var changed = result
    if let criteria {
      inputs.criteria = criteria.criteria
      changed.task.criteria = criteria.source
    }
    let means = Bootstrap(
      imageCount: samples.rowCount, resamples: settings.bootstrapResamples, seed: settings.seed
    ).means(of: samples)
    changed.regime = try RegimeRule.verdict(version: version, from: means, inputs)
    changed.measurementProtocol.rule = version
    return EvaluationOutcome(result: changed, samples: samples, inputs: inputs)
  }

  private static func check(_ standard: EvaluationResult, against result: EvaluationResult) throws {
    let (own, other) = (result.measurementProtocol, standard.measurementProtocol)
    guard result.task.id == standard.task.id, result.task.version == standard.task.version,
      result.task.dataset.digest == standard.task.dataset.digest, own.seed == other.seed, own.clip == other.clip,
      own.smallStep == other.smallStep
    else { throw ReclassificationError.otherImages(model: result.model.id, standard: standard.model.id) }
  }
}

/// Why stored samples could not be judged.
package enum ReclassificationError: Error, Sendable, Equatable, CustomStringConvertible {
  case otherSamples(model: String, expected: Int, got: Int)
  case otherImages(model: String, standard: String)
  case noInputs(model: String)
  /// The task lacks what a rule needs.
  case notApplied(model: String, RegimeNotApplied)
  case standardColumnMissing(standard: String, column: String)

  package var description: String {
    switch self {
    case .otherSamples(let model, let expected, let got):
      "\(model): its samples have \(got) images, its result \(expected); they are not of one evaluation"
    case .otherImages(let model, let standard):
      "\(model): its standard \(standard) was measured on other images, with another seed or by another protocol; evaluate both "
        + "with the same --images and --seed"
    case .noInputs(let model):
      "\(model): the samples do not say what a rule needs beside them; evaluate the model again"
    case .notApplied(let model, let reason): "\(model): \(reason.sentence)"
    case .standardColumnMissing(let standard, let column):
      "\(standard): its samples have no column `\(column)`; evaluate it again"
    }
  }
}

extension SampleTable {
  /// The columns that K, A and the gain need of the standard, in place of what may be there of another.
  fileprivate func withStandard(_ standard: SampleTable, id: String) throws -> SampleTable {
    var table = SampleTable(namedColumns.filter { !$0.name.hasPrefix(RegimeRuleV2.standardColumn("")) })
    let names = standard.namedColumns.map(\.name).filter { name in
      let isSensitivity = ["on-manifold/", "off-manifold/"].contains {
        name.hasPrefix(SampleColumn.calibrated($0)) || name.hasPrefix(SampleColumn.calibratedSlope($0))
      }
      return [SampleColumn.correct, SampleColumn.temperatureInfluence, ImageAlignment.specific].contains(name)
        || isSensitivity
    }
    for needed in [SampleColumn.correct, SampleColumn.temperatureInfluence] where !names.contains(needed) {
      throw ReclassificationError.standardColumnMissing(standard: id, column: needed)
    }
    for name in names { table.append(RegimeRuleV2.standardColumn(name), standard[name] ?? []) }
    return table
  }
}

extension RegimeInputs {
  /// From a result of rule v1, whose samples did not carry them; nil where it is of another rule.
  init?(measuredUnderV1 result: EvaluationResult) {
    guard case .v1(let evidence) = result.regime.evidence else { return nil }
    let settings = result.measurementProtocol
    // Rule v1 had no word for the number of classes: it follows from A = (accuracy - 1/C) / (reference - 1/C).
    var classes = 10
    let accuracy = evidence.accuracyRetention
    if let ratio = accuracy.ratio?.value, let reference = accuracy.reference, abs(ratio - 1) > 1e-6 {
      let chance = (accuracy.accuracy - ratio * reference) / (1 - ratio)
      if chance > 1e-6, chance <= 0.5 { classes = Int((1 / chance).rounded()) }
    }
    let calibration: RegimeCalibration =
      switch evidence.onManifoldRetention.source {
      case .bayesClassifier: .bayes(gate: evidence.alignment.gate.value ?? 0)
      case .recorded:
        .recorded(
          onManifoldSensitivity: evidence.onManifoldRetention.reference ?? 0,
          models: evidence.onManifoldRetention.referenceModels ?? [])
      case .claim, .unknown: .none
      }
    self.init(
      classCount: classes, wideStep: settings.wideStep, smallStep: settings.smallStep,
      densityIsExact: result.task.density?.isExact ?? false,
      decisive: AlignmentColumns(
        reference: .classifier, target: evidence.alignment.target, metric: evidence.alignment.metric,
        noise: evidence.alignment.noise),
      calibration: calibration,
      standardAccuracy: evidence.accuracyRetention.source == .claim ? evidence.accuracyRetention.reference : nil,
      criteria: nil, parameters: result.model.parameters, temperatureScale: nil, standard: nil, learnedManifold: nil,
      reservations: [])
  }
}
