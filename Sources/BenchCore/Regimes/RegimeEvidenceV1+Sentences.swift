extension RegimeEvidenceV1 {
  /// The evidence in sentences that can be checked against the numbers, in the order of the rule.
  func explanation(resamples: Int) -> [String] {
    [sensitivitySentence, retentionSentence, accuracySentence, alignmentSentence, conclusion(resamples: resamples)]
  }

  private var sensitivitySentence: String {
    let (s, step) = (sensitivityRatio, brief(shortened: sensitivityRatio.step))
    let numbers =
      "At step \(step) predictions change by \(significant(s.offManifold)) off the manifold and "
      + "\(significant(s.onManifold)) on it"
    guard s.onManifold > 0 else {
      return s.offManifold > 0
        ? "\(numbers): R is unbounded, not below \(brief(s.threshold)), so not off-manifold robust (weak)."
        : "\(numbers): the classifier responds to neither, and R is undefined."
    }
    let robust = s.offManifold < s.threshold * s.onManifold
    return "\(numbers): R = \(withInterval(s.ratio, 2)), "
      + (robust ? "below \(brief(s.threshold)), so off-manifold robust." : "not below \(brief(s.threshold)), so weak.")
  }

  private var retentionSentence: String {
    let (k, step) = (onManifoldRetention, brief(shortened: onManifoldRetention.step))
    guard let ratio = k.ratio, let value = ratio.value else {
      return "On-manifold sensitivity at step \(step) is \(significant(k.onManifold)); nothing is known to compare it "
        + "with, so K is not used."
    }
    return "On-manifold sensitivity at step \(step) is \(significant(k.onManifold)), that of \(referenceName) "
      + "\(significant(k.reference)): K = \(withInterval(ratio, 2)), "
      + (value < k.threshold
        ? "below \(brief(k.threshold)), so collapsed." : "not below \(brief(k.threshold)), so kept.")
  }

  private var referenceName: String {
    switch onManifoldRetention.source {
    case .bayesClassifier: "the Bayes classifier"
    case .recorded:
      "the recorded standard models"
        + (onManifoldRetention.referenceModels.map { " (\($0.joined(separator: ", ")))" } ?? "")
    case .claim, .unknown: "the reference"
    }
  }

  private var accuracySentence: String {
    let a = accuracyRetention
    guard let ratio = a.ratio, let value = ratio.value else {
      return "Accuracy is \(fixed(a.accuracy, 3)); no accuracy of the same architecture without a robustness objective "
        + "is stated, so A is not used."
    }
    let owner =
      a.source == .bayesClassifier ? "the Bayes classifier" : "the same architecture trained without robustness"
    let verdict =
      if value < a.brokenThreshold {
        "below \(brief(a.brokenThreshold)), so most of it is lost."
      } else if value < a.lostThreshold {
        "below \(brief(a.lostThreshold)), so lost in part."
      } else {
        "not below \(brief(a.lostThreshold)), so kept."
      }
    return "Accuracy is \(fixed(a.accuracy, 3)), that of \(owner) \(fixed(a.reference, 3)): above chance "
      + "A = \(withInterval(ratio, 3)), \(verdict)"
  }

  private var alignmentSentence: String {
    let g = alignment
    let numbers =
      "The gradient of \(g.target.rawValue) has \(g.metric) \(withInterval(g.cosine, 3)) with the reference "
      + "classifier's smoothed at \(brief(shortened: g.noise)) (G)"
    switch (g.gate.kind, g.passed) {
    case (_, nil):
      return "\(numbers): no gradient is defined."
    case (.absolute, let passed?):
      return "\(numbers), \(passed ? "reaching" : "below") the gate \(brief(g.gate.value ?? 0)), so "
        + (passed ? "aligned." : "not aligned.")
    case (.relative, let passed?):
      guard let control = g.gate.control, let value = g.gate.value else { return "\(numbers); no control is defined." }
      return "\(numbers), its lower bound \(passed ? "above" : "not above") the upper bound of every control "
        + "(highest: \(control.rawValue), \(fixed(value, 3))), so " + (passed ? "aligned." : "not aligned.")
    }
  }

  private func conclusion(resamples: Int) -> String {
    let found = RegimeLabel.allCases.filter { shares[$0] > 0 }.sorted { shares[$0] > shares[$1] }
      .map { "\($0.rawValue) in \(fixed(100 * shares[$0], 1)) %" }
    let lead = "The rule says \(found.joined(separator: ", ")) of \(resamples) bootstrap resamples"
    guard shares[leadingLabel] >= RegimeRuleV1.requiredConfidence else {
      return "\(lead), and a label needs \(fixed(100 * RegimeRuleV1.requiredConfidence, 0)) %: indeterminate"
        + (leadingLabel == .indeterminate ? "." : ", leading \(leadingLabel.rawValue).")
    }
    switch leadingLabel {
    case .indeterminate:
      return "\(lead): accuracy is gone without on-manifold sensitivity having collapsed, or nothing responds; the "
        + "model looks broken or untrained."
    case .weak where sensitivityRatio.offManifold < sensitivityRatio.threshold * sensitivityRatio.onManifold:
      return "\(lead): off-manifold robust, gradient not aligned."
    case .weak, .bayesAligned, .excessive:
      return "\(lead)."
    }
  }
}

/// At most four significant digits, for sentences.
package func brief(shortened value: Double) -> String { significant(value, digits: 4, trimming: true) }
