extension ProblemCollector {
  mutating func check(_ measurements: Measurements, _ settings: ProtocolRecord) {
    let unbounded = 0...Double.greatestFiniteMagnitude
    check(measurements.accuracy, in: 0...1, images: settings.images, "measurements.accuracy")
    require(
      measurements.sensitivity.map(\.stepSize) == settings.stepSizes, "measurements.sensitivity",
      "has other step sizes than protocol.stepSizes")
    for (index, entry) in measurements.sensitivity.enumerated() {
      check(entry.onManifold, in: 0...2, images: settings.images, "measurements.sensitivity[\(index)].onManifold")
      check(entry.offManifold, in: 0...2, images: settings.images, "measurements.sensitivity[\(index)].offManifold")
    }
    let robustness = measurements.relativeRobustness
    check(robustness.definition1.estimate, in: unbounded, "measurements.relativeRobustness.definition1")
    require(
      robustness.definition1.noise > 0 && robustness.definition1.draws > 0,
      "measurements.relativeRobustness.definition1",
      "has noise \(robustness.definition1.noise), draws \(robustness.definition1.draws)")
    check(
      robustness.definition2.estimate, in: 0...1, images: settings.images,
      "measurements.relativeRobustness.definition2")
    check(robustness.definition2.pooled, in: 0...1, "measurements.relativeRobustness.definition2.pooled")
    require(robustness.chance, in: 0...1, "measurements.relativeRobustness.chance")

    check(measurements.scoreAlignment, settings, "measurements.scoreAlignment")
    check(measurements.conditionalScoreAlignment, settings, "measurements.conditionalScoreAlignment")
    check(measurements.bayesAlignment ?? [], settings, "measurements.bayesAlignment")
    check(measurements.referenceAlignment ?? [], settings, "measurements.referenceAlignment")
    require(
      (measurements.bayesAlignment == nil) != (measurements.referenceAlignment == nil), "measurements",
      "must have exactly one of bayesAlignment and referenceAlignment")
    for (index, entry) in (measurements.distractor ?? []).enumerated() {
      let path = "measurements.distractor[\(index)]"
      require(entry.noise > 0, "\(path).noise", "is \(entry.noise)")
      check(entry.signal, in: 0...2, images: settings.images, "\(path).signal")
      check(entry.distractor, in: 0...2, images: settings.images, "\(path).distractor")
      check(entry.relativeNoiseRobustness, in: unbounded, "\(path).relativeNoiseRobustness")
    }
  }

  /// A metric may have any range; the cosine's is known.
  private mutating func check(_ entries: [AlignmentEntry], _ settings: ProtocolRecord, _ path: String) {
    for (index, entry) in entries.enumerated() {
      let path = "\(path)[\(index)]"
      let limit = entry.metric == EvaluationConfiguration.decisiveMetric ? 1 : Double.greatestFiniteMagnitude
      requireIdentifier(entry.metric, "\(path).metric")
      require(entry.noise.isFinite && entry.noise >= 0, "\(path).noise", "is \(entry.noise)")
      check(entry.estimate, in: -limit...limit, images: settings.images, path)
      for (control, estimate) in entry.controls.all {
        check(estimate, in: -limit...limit, images: settings.images, "\(path).controls.\(control.rawValue)")
      }
    }
    let keys = entries.map { "\($0.target.rawValue)/\($0.metric)/\($0.noise)" }
    require(Set(keys).count == keys.count, path, "has two entries of one target, metric and noise")
  }

  /// The label must follow from the shares, and the evidence's numbers must be those of the measurements.
  mutating func check(_ regime: RegimeVerdict, _ result: EvaluationResult) {
    let evidence = regime.evidence
    let shares = RegimeLabel.allCases.map { evidence.shares[$0] }
    for (label, share) in zip(RegimeLabel.allCases, shares) {
      require(share, in: 0...1, "regime.evidence.shares of \(label.rawValue)")
    }
    require(abs(shares.reduce(0, +) - 1) < 1e-9, "regime.evidence.shares", "sum to \(shares.reduce(0, +)), expected 1")
    let leading = evidence.shares[evidence.leadingLabel]
    require(
      shares.allSatisfy { $0 <= leading }, "regime.evidence.leadingLabel",
      "is \(evidence.leadingLabel.rawValue), which has not the largest share")
    require(
      regime.confidence == leading, "regime.confidence", "is \(regime.confidence), the leading share \(leading)")
    let expected = leading >= RegimeRule.requiredConfidence ? evidence.leadingLabel : .indeterminate
    require(
      regime.label == expected, "regime.label",
      "is \(regime.label.rawValue), but the evidence gives \(expected.rawValue)")
    require(!evidence.sentences.isEmpty, "regime.evidence.sentences", "is empty")

    func agree(_ first: Double?, _ second: Double?) -> Bool {
      guard let first, let second else { return first == nil && second == nil }
      return abs(first - second) <= 1e-9 * max(1, abs(first))
    }
    let measurements = result.measurements
    let wide = measurements.sensitivity.first { $0.stepSize == evidence.sensitivityRatio.step }
    require(
      evidence.sensitivityRatio.step == result.measurementProtocol.wideStep
        && agree(wide?.onManifold.value, evidence.sensitivityRatio.onManifold)
        && agree(wide?.offManifold.value, evidence.sensitivityRatio.offManifold),
      "regime.evidence.sensitivityRatio", "differs from measurements.sensitivity at protocol.wideStep")
    let small = measurements.sensitivity.first { $0.stepSize == evidence.onManifoldRetention.step }
    require(
      evidence.onManifoldRetention.step == result.measurementProtocol.smallStep
        && agree(small?.onManifold.value, evidence.onManifoldRetention.onManifold),
      "regime.evidence.onManifoldRetention", "differs from measurements.sensitivity at protocol.smallStep")
    require(
      agree(measurements.accuracy.value, evidence.accuracyRetention.accuracy), "regime.evidence.accuracyRetention",
      "differs from measurements.accuracy")
    let decisive = (measurements.bayesAlignment ?? measurements.referenceAlignment ?? []).first {
      $0.target == evidence.alignment.target && $0.metric == evidence.alignment.metric
        && $0.noise == evidence.alignment.noise
    }
    require(
      decisive.map { agree($0.value, evidence.alignment.cosine.value) } ?? false, "regime.evidence.alignment",
      "differs from the measured alignment of that target, metric and noise")
    check(
      evidence.sensitivityRatio.ratio, in: 0...Double.greatestFiniteMagnitude, "regime.evidence.sensitivityRatio.ratio")
    if let ratio = evidence.onManifoldRetention.ratio {
      check(ratio, in: 0...Double.greatestFiniteMagnitude, "regime.evidence.onManifoldRetention.ratio")
    }
    if let ratio = evidence.accuracyRetention.ratio {
      let limit = Double.greatestFiniteMagnitude
      check(ratio, in: -limit...limit, "regime.evidence.accuracyRetention.ratio")
    }
  }
}
