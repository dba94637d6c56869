/// Rule v1. Frozen: what results say that were made by it. docs/regime-rule.md says what is wrong with it on real data.
///
/// R = S_off / S_on at the wide step; K = S_on over the reference's at the small step; A = (accuracy - 1/C) over the same of
/// the reference; G = mean cosine of the log-odds gradient with the reference classifier's, at the decisive noise.
/// 1. A < 0.5: excessive if K < 0.75, else indeterminate (a broken or untrained model).
/// 2. R >= 1: weak.
/// 3. K < 0.75 or A < 0.85: excessive.
/// 4. G passes the gate: bayes-aligned; else weak.
///
/// A condition on an unknown quantity is not used.
package enum RegimeRuleV1 {
  package static let version = "v1"

  package static let brokenAccuracy = 0.5
  package static let lostAccuracy = 0.85
  package static let collapsedSensitivity = 0.75
  package static let sensitivityRatio = 1.0
  /// The share of bootstrap resamples that a label needs.
  package static let requiredConfidence = RegimeRule.requiredConfidence

  /// The rule at one set of numbers.
  /// - Parameters:
  ///   - onManifold: S_on at the wide step; where it and `offManifold` are zero, R is undefined and does not speak.
  ///   - retention: K, nil where unknown.
  ///   - accuracyRetention: A, nil where unknown.
  ///   - aligned: whether G passes the gate; nil where no gradient is defined.
  package static func label(
    offManifold: Double, onManifold: Double, retention: Double?, accuracyRetention: Double?, aligned: Bool?
  ) -> RegimeLabel {
    let collapsed = retention.map { $0 < collapsedSensitivity } ?? false
    if let accuracyRetention, accuracyRetention < brokenAccuracy { return collapsed ? .excessive : .indeterminate }
    let responds = offManifold > 0 || onManifold > 0
    if responds, offManifold >= sensitivityRatio * onManifold { return .weak }
    if collapsed || accuracyRetention.map({ $0 < lostAccuracy }) ?? false { return .excessive }
    guard responds, let aligned else { return .indeterminate }
    return aligned ? .bayesAligned : .weak
  }
}

extension RegimeRuleV1 {
  /// The columns that the rule reads.
  package static func columns(_ inputs: RegimeInputs) -> [String] {
    var columns = [
      SampleColumn.onManifold(step: inputs.wideStep), SampleColumn.offManifold(step: inputs.wideStep),
      SampleColumn.onManifold(step: inputs.smallStep), SampleColumn.correct, inputs.decisive.column,
    ]
    columns += AlignmentControl.of(metric: inputs.decisive.metric).map(inputs.decisive.column)
    if case .bayes = inputs.calibration {
      columns += [SampleColumn.referenceOnManifold(step: inputs.smallStep), SampleColumn.referenceCorrect]
    }
    return columns
  }

  /// Applies the rule to the means over the images and to those of every bootstrap resample.
  package static func verdict(from means: ResampledMeans, _ inputs: RegimeInputs) -> RegimeVerdict {
    let on = means.column(SampleColumn.onManifold(step: inputs.wideStep))
    let off = means.column(SampleColumn.offManifold(step: inputs.wideStep))
    let retention = retention(from: means, inputs)
    let accuracy = accuracyRetention(from: means, inputs)
    let alignment = inputs.decisive.result(from: means)
    let gate = Gate(inputs.calibration, alignment)
    let cosine = means.column(inputs.decisive.column)

    var counts: [RegimeLabel: Int] = [:]
    for resample in 0..<means.resamples {
      let label = label(
        offManifold: off.resampled[resample], onManifold: on.resampled[resample],
        retention: retention.quantity?.resampled[resample], accuracyRetention: accuracy.quantity?.resampled[resample],
        aligned: gate.passes(cosine.resampled[resample]))
      counts[label, default: 0] += 1
    }
    func share(_ label: RegimeLabel) -> Double { Double(counts[label] ?? 0) / Double(means.resamples) }
    // The first of equals, so that the order of a dictionary plays no part.
    var leading = RegimeLabel.weak
    for label in RegimeLabel.allCases where share(label) > share(leading) { leading = label }

    var evidence = RegimeEvidenceV1(
      leadingLabel: leading,
      shares: .init(
        weak: share(.weak), bayesAligned: share(.bayesAligned), excessive: share(.excessive),
        indeterminate: share(.indeterminate)),
      sensitivityRatio: .init(
        step: inputs.wideStep, onManifold: on.mean, offManifold: off.mean,
        ratio: Estimate(
          point: off.mean / on.mean, resampled: zip(off.resampled, on.resampled).map { $0 / $1 }, undefined: 0),
        threshold: sensitivityRatio),
      onManifoldRetention: retention.evidence, accuracyRetention: accuracy.evidence,
      alignment: .init(
        target: alignment.target, metric: alignment.metric, noise: alignment.noise,
        cosine: means.mean(inputs.decisive.column), gate: gate.evidence, passed: gate.passes(cosine.mean)),
      sentences: [])
    evidence.sentences =
      (inputs.learnedManifold.map { ["\(Self.learnedSentence) \($0)."] } ?? [])
      + evidence.explanation(resamples: means.resamples)
    return RegimeVerdict(
      label: share(leading) >= requiredConfidence ? leading : .indeterminate, confidence: share(leading),
      evidence: .v1(evidence))
  }

  private static let learnedSentence =
    "On and off the manifold mean on and off the estimated tangent spaces, not the task's own: those of"

  /// A ratio to a reference: its value over all images and over each resample.
  private struct Quantity {
    let value: Double
    let resampled: [Double]

    /// Nil where the reference is not positive: then there is nothing to compare with.
    init?(_ column: ResampledMeans.Column, offset: Double = 0, reference: Double, resampledReference: [Double]) {
      guard reference > offset, resampledReference.allSatisfy({ $0 > offset }) else { return nil }
      value = (column.mean - offset) / (reference - offset)
      resampled = zip(column.resampled, resampledReference).map { ($0 - offset) / ($1 - offset) }
    }

    var estimate: Estimate { Estimate(point: value, resampled: resampled, undefined: 0) }
  }

  /// K.
  private static func retention(
    from means: ResampledMeans, _ inputs: RegimeInputs
  ) -> (quantity: Quantity?, evidence: RegimeEvidenceV1.OnManifoldRetention) {
    let column = means.column(SampleColumn.onManifold(step: inputs.smallStep))
    let reference: (value: Double, resampled: [Double])?
    let source: RegimeEvidenceV1.ReferenceSource
    var models: [String]?
    switch inputs.calibration {
    case .bayes:
      let bayes = means.column(SampleColumn.referenceOnManifold(step: inputs.smallStep))
      (reference, source) = ((bayes.mean, bayes.resampled), .bayesClassifier)
    case .recorded(let recorded, let names):
      (reference, source) = ((recorded, [Double](repeating: recorded, count: means.resamples)), .recorded)
      models = names
    case .none:
      (reference, source) = (nil, .unknown)
    }
    let quantity = reference.flatMap { Quantity(column, reference: $0.value, resampledReference: $0.resampled) }
    return (
      quantity,
      .init(
        step: inputs.smallStep, onManifold: column.mean, source: source, reference: reference?.value,
        referenceModels: models, ratio: quantity?.estimate, threshold: collapsedSensitivity, used: quantity != nil)
    )
  }

  /// A.
  private static func accuracyRetention(
    from means: ResampledMeans, _ inputs: RegimeInputs
  ) -> (quantity: Quantity?, evidence: RegimeEvidenceV1.AccuracyRetention) {
    let column = means.column(SampleColumn.correct)
    let reference: (value: Double, resampled: [Double])?
    let source: RegimeEvidenceV1.ReferenceSource
    if case .bayes = inputs.calibration {
      let bayes = means.column(SampleColumn.referenceCorrect)
      (reference, source) = ((bayes.mean, bayes.resampled), .bayesClassifier)
    } else if case .recorded = inputs.calibration, let standard = inputs.standardAccuracy {
      (reference, source) = ((standard, [Double](repeating: standard, count: means.resamples)), .claim)
    } else {
      (reference, source) = (nil, .unknown)
    }
    let quantity = reference.flatMap {
      Quantity(column, offset: 1 / Double(inputs.classCount), reference: $0.value, resampledReference: $0.resampled)
    }
    return (
      quantity,
      .init(
        accuracy: column.mean, source: source, reference: reference?.value, ratio: quantity?.estimate,
        brokenThreshold: brokenAccuracy, lostThreshold: lostAccuracy, used: quantity != nil)
    )
  }

  /// The gate on G. Where the density is exact it is a number, applied in each resample; for a fitted one it is relative:
  /// the interval of G lies above those of all controls, which is a statement about all resamples at once.
  private struct Gate {
    let evidence: RegimeEvidenceV1.Gate
    private let relativePassed: Bool?

    init(_ calibration: RegimeCalibration, _ alignment: AlignmentEntry) {
      if case .bayes(let gate) = calibration {
        evidence = .init(kind: .absolute, value: gate, control: nil)
        relativePassed = nil
        return
      }
      let highest = alignment.controls.all.filter { $0.estimate.high != nil }
        .max { ($0.estimate.high ?? 0) < ($1.estimate.high ?? 0) }
      evidence = .init(kind: .relative, value: highest?.estimate.high, control: highest?.control)
      relativePassed = alignment.low.map { low in highest?.estimate.high.map { low > $0 } ?? true }
    }

    func passes(_ cosine: Double) -> Bool? {
      switch evidence.kind {
      case .absolute: cosine.isNaN ? nil : evidence.value.map { cosine >= $0 }
      case .relative: relativePassed
      }
    }
  }
}
