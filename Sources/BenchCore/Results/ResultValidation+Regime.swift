import Text

extension ProblemCollector {
  /// The label must follow from the shares, and the evidence's numbers must be those of the measurements.
  mutating func check(_ regime: RegimeVerdict, _ result: EvaluationResult) {
    let evidence = regime.evidence
    if case .notApplied(let reason) = evidence { return check(reason, result) }
    require(
      result.task.manifold != nil && result.task.density != nil, "regime",
      "is named without task.manifold or without task.density, which every rule needs")
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
    let isWithheld = regime.reservations?.contains(where: \.withholdsLabel) ?? false
    let expected =
      leading >= RegimeRule.requiredConfidence && !isWithheld ? evidence.leadingLabel : .indeterminate
    require(
      regime.label == expected, "regime.label",
      "is \(regime.label.rawValue), but the evidence gives \(expected.rawValue)")
    let reservations = regime.reservations ?? []
    require(
      Set(reservations).count == reservations.count && regime.reservations.map { !$0.isEmpty } ?? true,
      "regime.reservations", "is empty or names one twice")
    require(
      evidence.rule == result.measurementProtocol.rule, "protocol.rule",
      "is `\(result.measurementProtocol.rule)`, but the evidence is that of \(evidence.rule)")
    require(!evidence.sentences.isEmpty, "regime.evidence.sentences", "is empty")
    switch evidence {
    case .v1(let evidence): check(evidence, result)
    case .v2(let evidence): check(evidence, result)
    case .notApplied: break
    }
  }

  /// Without a verdict: what is missing must be missing.
  private mutating func check(_ reason: RegimeNotApplied, _ result: EvaluationResult) {
    let path = "regime.notApplied"
    require(!reason.sentence.isEmpty, "\(path).sentence", "is empty")
    if let problem = PlainText.problem(in: reason.sentence) { require(false, "\(path).sentence", problem) }
    require(
      reason.rule == result.measurementProtocol.rule, "\(path).rule",
      "is `\(reason.rule)`, protocol.rule `\(result.measurementProtocol.rule)`")
    require(
      !reason.missing.isEmpty && Set(reason.missing).count == reason.missing.count
        && reason.missing.allSatisfy(\.isNeededByRule), "\(path).missing",
      "is empty, names one twice, or names what the rule does not need")
    for (capability, isThere) in [
      (TaskCapability.manifold, result.task.manifold != nil), (.density, result.task.density != nil),
    ] {
      require(
        reason.missing.contains(capability) != isThere, "\(path).missing",
        isThere
          ? "names \(capability.rawValue), which the task has" : "does not name \(capability.rawValue), which is absent"
      )
    }
  }

  private func agree(_ first: Double?, _ second: Double?) -> Bool {
    guard let first, let second else { return first == nil && second == nil }
    return abs(first - second) <= 1e-9 * max(1, abs(first))
  }

  private mutating func check(_ evidence: RegimeEvidenceV1, _ result: EvaluationResult) {
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
    let unbounded = Double.greatestFiniteMagnitude
    check(evidence.sensitivityRatio.ratio, in: 0...unbounded, "regime.evidence.sensitivityRatio.ratio")
    if let ratio = evidence.onManifoldRetention.ratio {
      check(ratio, in: 0...unbounded, "regime.evidence.onManifoldRetention.ratio")
    }
    if let ratio = evidence.accuracyRetention.ratio {
      check(ratio, in: -unbounded...unbounded, "regime.evidence.accuracyRetention.ratio")
    }
  }

  private mutating func check(_ evidence: RegimeEvidenceV2, _ result: EvaluationResult) {
    let measurements = result.measurements
    let unbounded = Double.greatestFiniteMagnitude
    require(
      agree(measurements.accuracy.value, evidence.classification.accuracy.value), "regime.evidence.classification",
      "differs from measurements.accuracy")
    require(
      evidence.robustness.step == result.measurementProtocol.wideStep, "regime.evidence.robustness.step",
      "is not protocol.wideStep")
    require(
      evidence.signal.step == result.measurementProtocol.smallStep, "regime.evidence.signal.step",
      "is not protocol.smallStep")
    require(
      evidence.signal.densityIsExact == result.task.density?.isExact, "regime.evidence.signal.densityIsExact",
      "differs from task.density.isExact")
    let alignment = measurements.imageAlignment
    require(
      alignment.map {
        agree($0.whole.value, evidence.alignment.cosine.value)
          && agree($0.specific.value, evidence.alignment.specific.value)
          && agree($0.beyondImage.value, evidence.alignment.beyondImage.value)
      } ?? false, "regime.evidence.alignment", "differs from measurements.imageAlignment")
    let second = measurements.secondImageAlignment
    require(
      (second == nil) == (evidence.alignment.second == nil)
        && second.map {
          agree($0.specific.value, evidence.alignment.second?.specific.value)
            && agree($0.beyondImage.value, evidence.alignment.second?.beyondImage.value)
        } ?? true, "regime.evidence.alignment.second", "differs from measurements.secondImageAlignment")
    if let second = evidence.alignment.second {
      require(!second.id.isEmpty, "regime.evidence.alignment.second.id", "is empty")
      check(second.accuracy, in: 0...1, "regime.evidence.alignment.second.accuracy")
      check(second.share, in: -unbounded...unbounded, "regime.evidence.alignment.second.share")
      for rate in [second.holdsIn, second.failsIn, second.disagreesIn] {
        require(rate, in: 0...1, "regime.evidence.alignment.second")
      }
    }
    for (name, rate) in [
      ("classification.holdsIn", evidence.classification.holdsIn), ("robustness.holdsIn", evidence.robustness.holdsIn),
      ("signal.keptIn", evidence.signal.keptIn), ("signal.lostIn", evidence.signal.lostIn),
      ("alignment.holdsIn", evidence.alignment.holdsIn), ("alignment.failsIn", evidence.alignment.failsIn),
    ] { require(rate, in: 0...1, "regime.evidence.\(name)") }
    if let scale = evidence.classification.temperatureScale {
      require(scale > 0 && scale.isFinite, "regime.evidence.classification.temperatureScale", "is \(scale)")
    }
    check(evidence.robustness.ratio, in: 0...unbounded, "regime.evidence.robustness.ratio")
    let signal = evidence.signal
    check(signal.onManifold, in: 0...2, "regime.evidence.signal.onManifold")
    check(signal.densityAccuracy, in: 0...1, "regime.evidence.signal.densityAccuracy")
    check(signal.densityRetention, in: -unbounded...unbounded, "regime.evidence.signal.densityRetention")
    for (name, estimate) in [
      ("densitySensitivityRetention", signal.densitySensitivityRetention),
      ("accuracyRetention", signal.accuracyRetention), ("onManifoldRetention", signal.onManifoldRetention),
      ("standard.accuracy", signal.standard?.accuracy), ("standard.onManifold", signal.standard?.onManifold),
    ] {
      if let estimate { check(estimate, in: -unbounded...unbounded, "regime.evidence.signal.\(name)") }
    }
    if let beside = evidence.alignment.besideStandard {
      require(
        signal.standard != nil, "regime.evidence.alignment.besideStandard",
        "is there without regime.evidence.signal.standard")
      check(
        beside.standardSpecific, in: -unbounded...unbounded, "regime.evidence.alignment.besideStandard.standardSpecific"
      )
      check(beside.specificGain, in: -unbounded...unbounded, "regime.evidence.alignment.besideStandard.specificGain")
      check(beside.standardRatio, in: 0...unbounded, "regime.evidence.alignment.besideStandard.standardRatio")
      check(beside.relativeRatio, in: 0...unbounded, "regime.evidence.alignment.besideStandard.relativeRatio")
    }
    if let digest = signal.standard?.sha256 { requireDigest(digest, "regime.evidence.signal.standard.sha256") }
    check(evidence.alignment.share, in: -unbounded...unbounded, "regime.evidence.alignment.share")
  }
}
