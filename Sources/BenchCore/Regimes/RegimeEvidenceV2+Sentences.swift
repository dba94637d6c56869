extension RegimeEvidenceV2 {
  /// What was found, in a few words, for the first lines of a summary.
  package var finding: String {
    switch leadingLabel {
    case .bayesAligned: "robust off the manifold, keeps its signal, and its gradients fit each single image"
    case .excessive: "robust off the manifold at the price of the signal"
    case .weak:
      isRobust
        ? "robust off the manifold, but it is the ALIGNMENT that is missing: its gradients "
          + (alignment.besideStandard != nil && alignment.shareTellsNeither
            ? "fit single images as its standard twin's do, and it is as robust"
            : "do not fit single images")
        : "steps off the manifold move it as much as steps on it"
    case .indeterminate:
      classification.holdsIn < RegimeRule.requiredConfidence
        ? "it does not classify these images" : "the evidence leaves more than one regime open"
    }
  }

  private var isRobust: Bool { robustness.holdsIn > 0.5 }

  /// The evidence in sentences that can be checked against the numbers, in the order of the rule.
  func explanation(_ inputs: RegimeInputs, resamples: Int) -> [String] {
    let learned = inputs.learnedManifold.map {
      "On and off the manifold mean on and off the estimated tangent spaces, not the task's own: those of \($0)."
    }
    return [learned].compactMap { $0 } + inputs.reservations.map(\.sentence)
      + [
        classificationSentence, robustnessSentence, signalSentence, standardSentence, alignmentSentence,
        besideStandardSentence, secondSentence,
      ].compactMap { $0 }
      + [conclusion(resamples: resamples)]
  }

  private var classificationSentence: String {
    let c = classification
    let lead = "Accuracy is \(withInterval(c.accuracy, 3)), chance \(fixed(c.chance, 3))"
    guard let scale = c.temperatureScale else {
      return "\(lead); no scaling of the logits makes them better than guessing, so there is nothing to call a regime."
    }
    return c.holdsIn >= RegimeRule.requiredConfidence
      ? "\(lead). Sensitivities and gradients below are taken at calibrated temperature, the logits times "
        + "\(significant(scale))."
      : "\(lead), and it must exceed \(fixed(c.least, 3)): the model does not classify these images clearly better than "
        + "guessing, so there is nothing to call a regime."
  }

  private var robustnessSentence: String {
    let r = robustness
    let numbers =
      "At step \(brief(shortened: r.step)) predictions change by \(significant(r.offManifold)) off the manifold and "
      + "\(significant(r.onManifold)) on it"
    guard r.onManifold > 0 else {
      return r.offManifold > 0
        ? "\(numbers): R is unbounded, so not off-manifold robust."
        : "\(numbers): the classifier responds to neither, and R is undefined."
    }
    return
      "\(numbers): R = \(withInterval(r.ratio, 2)); below \(brief(r.threshold)), which is robust off the manifold, in "
      + "\(percentage(r.holdsIn)) of resamples."
  }

  private var signalSentence: String {
    let s = signal
    let owner = s.densityIsExact ? "the exact Bayes classifier" : "the classifier of the task's fitted density"
    let sensitivity = s.densitySensitivityRetention.map {
      "; on-manifold sensitivity at step \(brief(shortened: s.step)) relative to it K = \(withInterval($0, 2))"
    }
    return
      "\(owner.prefix(1).uppercased() + owner.dropFirst()) has accuracy \(fixed(s.densityAccuracy.value, 3)) on these "
      + "images: above chance the model has D = \(withInterval(s.densityRetention, 2)) of it (lost below "
      + "\(brief(s.densityThreshold)))\(sensitivity ?? "")."
  }

  private var standardSentence: String? {
    guard !signal.densityIsExact else { return nil }
    guard let standard = signal.standard, let a = signal.accuracyRetention, let k = signal.onManifoldRetention else {
      return
        "No network trained without a robustness objective is known to compare it with, so what the objective cost in "
        + "signal is not known."
    }
    let lost =
      "lost are A below \(brief(RegimeRuleV2.lostAccuracy)), or K below \(brief(RegimeRuleV2.collapsedSensitivity)) with A "
      + "below \(brief(RegimeRuleV2.wholeAccuracy))"
    let numbers = "accuracy A = \(withInterval(a, 2)), on-manifold sensitivity K = \(withInterval(k, 2)) of it"
    switch standard.source {
    case .measured:
      return "Relative to its standard twin \(standard.models[0]): \(numbers); \(lost)."
    case .stated:
      return "Relative to the result of its standard twin \(standard.models[0]): \(numbers); \(lost)."
    case .recorded:
      return
        "No standard twin was given; relative to the range of the recorded networks (\(standard.models.joined(separator: ", "))): "
        + "accuracy A = \(span(a)), on-manifold sensitivity K = \(span(k)) of it; \(lost)."
    }
  }

  private var alignmentSentence: String {
    let a = alignment
    let gate = a.cosineThreshold.map { ", which must reach \(brief($0))" } ?? ""
    let name = signal.densityIsExact ? "Bayes classifier's" : "reference's"
    return
      "Its gradients have cosine G = \(withInterval(a.cosine, 3)) with the \(name) at noise \(brief(shortened: a.noise))"
      + "\(gate). Of the \(fixed(a.beyondImage.value, 3)) that is left beyond what any image has, \(fixed(a.specific.value, 4)) "
      + "belongs to the single image, the rest to its class: a share of \(withInterval(a.share, 2)). Gradients that fit the "
      + "image have \(brief(a.shareThreshold)) or more (so in \(percentage(a.holdsIn)) of resamples), those that do not less "
      + "than \(brief(a.templateThreshold)) (\(percentage(a.failsIn)))."
  }

  private var besideStandardSentence: String? {
    guard let beside = alignment.besideStandard else { return nil }
    let multiple =
      beside.specificGain.low == nil
      ? "of which no multiple means anything" : "of which it has \(withInterval(beside.specificGain, 2)) times as much"
    return
      "At its standard twin \(withInterval(beside.standardSpecific, 4)) belongs to the single image, \(multiple); the twin's R is "
      + "\(withInterval(beside.standardRatio, 2)), and its own is \(withInterval(beside.relativeRatio, 2)) times that. Where the share tells "
      + "neither, gradients fit the image if these are \(brief(beside.alignedThreshold)) or more and \(brief(beside.robustThreshold)) or "
      + "less; both within a factor \(brief(beside.likeness)), the model is like its twin."
  }

  private var secondSentence: String? {
    guard let second = alignment.second else { return nil }
    let weight =
      switch second.decides {
      case .both: "about as well as the task's density, so only what both say counts"
      case .density: "less well than the task's density, which decides"
      case .second: "better than the task's density, so it decides"
      }
    return
      "The second reference \(second.id) classifies these images with accuracy \(fixed(second.accuracy.value, 3)), \(weight). By "
      + "it \(fixed(second.specific.value, 4)) of \(fixed(second.beyondImage.value, 3)) belongs to the single image, a share of "
      + "\(withInterval(second.share, 2)); the two disagree in \(percentage(second.disagreesIn)) of resamples."
  }

  private func conclusion(resamples: Int) -> String {
    let found = RegimeLabel.allCases.filter { shares[$0] > 0 }.sorted { shares[$0] > shares[$1] }
      .map { "\($0 == .indeterminate ? "no single label" : $0.rawValue) in \(percentage(shares[$0]))" }
    let lead =
      "The rule, applied whole to each of \(resamples) bootstrap resamples, says \(found.joined(separator: ", "))"
    guard let open else { return "\(lead)." }
    return "\(lead), and a label needs \(percentage(RegimeRule.requiredConfidence)). Open is the condition on "
      + "\(open.condition.rawValue); what would settle it: \(open.settledBy)."
  }

  private func percentage(_ share: Double) -> String { "\(fixed(100 * share, 1)) %" }

  private func span(_ estimate: Estimate) -> String { "\(fixed(estimate.low, 2)) to \(fixed(estimate.high, 2))" }
}
