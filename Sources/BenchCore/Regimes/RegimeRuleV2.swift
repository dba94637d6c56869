/// Rule v2. Every condition is decided in every bootstrap resample, on quantities that no change of the logits' scale, no
/// function added to all of them, no order of classes and no order of images alters. docs/regime-rule.md derives it.
///
/// R = S_off / S_on at the wide step, S at calibrated temperature; A and K = accuracy above chance and S_on at the small step,
/// relative to the same network trained without a robustness objective (its *standard*); D = accuracy above chance relative to
/// the task's density; share = the part of the alignment that belongs to the image (`ImageAlignment`).
///
/// 1. Accuracy not clearly above chance, or logits that say nothing of the labels: no regime.
/// 2. R not below the task's threshold: weak.
/// 3. Signal lost: excessive. It is lost where D is below the task's threshold, where A < 0.5, or where K < 0.5 and A < 0.85.
/// 4. The share reaches the task's: bayes-aligned; it stays below what a template alone has: weak, alignment missing. Between the
///    two, where standard and robust networks of the task are alike, the model beside its standard decides: bayes-aligned where
///    it is more robust off the manifold and more of its alignment belongs to the image (the *gain*), weak where it is like the
///    standard in both. Otherwise no label; nor where a second reference of comparable quality says otherwise.
///
/// Without a measured standard, A and K are relative to the range of recorded ones, and a resample has a label only where all
/// of the range give it.
package enum RegimeRuleV2 {
  package static let version = "v2"

  /// How many standard errors of chance accuracy above it a model classifies.
  package static let chanceDeviations = 3.0
  /// A below it: signal is lost.
  package static let lostAccuracy = 0.5
  /// A below it: signal is lost where K says so too. A network that gave up sensitivity but no accuracy gave up nothing.
  package static let wholeAccuracy = 0.85
  /// K below it: collapsed.
  package static let collapsedSensitivity = 0.5
  /// Beside the standard: gain from which, and R relative to the standard's up to which, a model is what its objective made of it;
  /// and the factor within which both are those of a standard (docs/regime-rule.md).
  package static let alignedGain = 1.3
  package static let robustRatioToStandard = 0.8
  package static let standardLikeness = 1.2
  /// A reference whose accuracy above chance is below this share of the other's is not asked.
  package static let comparableQuality = 0.8
  /// The same of A against the exact Bayes classifier, which no model reaches quite.
  static let wholeBayesAccuracy = 0.95

  static func standardColumn(_ name: String) -> String { "standard/\(name)" }

  /// The columns that the rule reads.
  package static func columns(_ inputs: RegimeInputs) -> [String] {
    let own = [
      SampleColumn.correct, SampleColumn.densityCorrect, SampleColumn.temperatureInfluence, ImageAlignment.cosine,
      ImageAlignment.specific, ImageAlignment.whole,
    ]
    let small = calibrated(SampleColumn.onManifold(step: inputs.smallStep))
    let wide = wideColumns(inputs)
    let standard =
      inputs.standard.map { $0.stated == nil } ?? false && !inputs.densityIsExact
      ? ([SampleColumn.correct, SampleColumn.temperatureInfluence] + small).map(standardColumn) : []
    let second =
      inputs.secondReference == nil
      ? [] : [SampleColumn.correct, ImageAlignment.cosine, ImageAlignment.specific].map(SampleColumn.second)
    let bayes = inputs.densityIsExact ? [SampleColumn.referenceOnManifold(step: inputs.smallStep)] : []
    return own + small + wide + standard + second + bayes
  }

  /// What R is made of, but for the influence of the temperature.
  static func wideColumns(_ inputs: RegimeInputs) -> [String] {
    [SampleColumn.onManifold, SampleColumn.offManifold].flatMap { calibrated($0(inputs.wideStep)) }
  }

  private static func calibrated(_ column: String) -> [String] {
    [SampleColumn.calibrated(column), SampleColumn.calibratedSlope(column)]
  }

  // MARK: Quantities

  /// A number over all images and over each resample.
  struct Quantity {
    var value: Double
    var resampled: [Double]
    var undefined = 0

    init(value: Double, resampled: [Double], undefined: Int = 0) {
      self.value = value
      self.resampled = resampled
      self.undefined = undefined
    }

    init(_ column: ResampledMeans.Column) {
      self.init(value: column.mean, resampled: column.resampled, undefined: column.undefined)
    }

    /// A sensitivity at calibrated temperature. The temperature of a resample is another one: to first order its logarithm
    /// moves by the resample's mean influence, the sensitivity by the slope times that.
    init(_ means: ResampledMeans, _ column: String, of name: (String) -> String = { $0 }) {
      let sensitivity = means.column(name(SampleColumn.calibrated(column)))
      let slope = means.column(name(SampleColumn.calibratedSlope(column))).mean
      let influence = means.column(name(SampleColumn.temperatureInfluence)).resampled
      self.init(
        value: sensitivity.mean,
        resampled: zip(sensitivity.resampled, influence).map { max(0, $0 + slope * $1) })
    }

    func relative(to reference: Quantity, above offset: Double = 0) -> Quantity {
      func ratio(_ value: Double, _ reference: Double) -> Double {
        reference > offset ? (value - offset) / (reference - offset) : .nan
      }
      return Quantity(
        value: ratio(value, reference.value), resampled: zip(resampled, reference.resampled).map(ratio),
        undefined: undefined)
    }

    func relative(to reference: Double, above offset: Double = 0) -> Quantity {
      relative(
        to: Quantity(value: reference, resampled: Array(repeating: reference, count: resampled.count)), above: offset)
    }

    var estimate: Estimate { Estimate(point: value, resampled: resampled, undefined: undefined) }
  }

  /// The share of the resamples in which a condition has this answer.
  static func rate(_ holds: [Bool?], of value: Bool = true) -> Double {
    Double(holds.count { $0 == value }) / Double(holds.count)
  }

  /// S_on and S_off of R.
  /// - Parameter name: what a column is called: the model's own, or its standard's.
  static func wideSensitivities(
    _ means: ResampledMeans, _ inputs: RegimeInputs, of name: (String) -> String = { $0 }
  ) -> (on: Quantity, off: Quantity) {
    (
      Quantity(means, SampleColumn.onManifold(step: inputs.wideStep), of: name),
      Quantity(means, SampleColumn.offManifold(step: inputs.wideStep), of: name)
    )
  }

  // MARK: The rule at one set of numbers

  /// - Parameters:
  ///   - robust: nil where the model responds to neither direction.
  ///   - lost: whether signal is lost, against each standard that may be the model's.
  ///   - aligned: nil where the share tells neither, or no gradient is defined.
  static func label(classifies: Bool, robust: Bool?, lost: [Bool], aligned: Bool?) -> RegimeLabel {
    guard classifies, let robust else { return .indeterminate }
    guard robust else { return .weak }
    let labels = Set(
      lost.map { lost -> RegimeLabel in
        lost ? .excessive : aligned.map { $0 ? .bayesAligned : .weak } ?? .indeterminate
      })
    return labels.count == 1 ? labels.first ?? .indeterminate : .indeterminate
  }

  // MARK: The verdict

  static func verdict(from means: ResampledMeans, _ inputs: RegimeInputs) -> RegimeVerdict {
    guard let criteria = inputs.criteria else { preconditionFailure("checked by RegimeRule") }
    let accuracy = Quantity(means.column(SampleColumn.correct))
    let chance = 1 / Double(inputs.classCount)
    let leastAccuracy = chance + chanceDeviations * (chance * (1 - chance) / Double(means.imageCount)).squareRoot()
    let classifies = accuracy.resampled.map { inputs.temperatureScale != nil && $0 > leastAccuracy }

    let (on, off) = wideSensitivities(means, inputs)
    let robust = zip(off.resampled, on.resampled).map { off, on -> Bool? in
      off > 0 || on > 0 ? off < criteria.robustRatio * on : nil
    }

    let signal = Signal(means, inputs, criteria, accuracy: accuracy, chance: chance)

    let alignment = Alignment(
      means, inputs, criteria, accuracy: (density: Quantity(means.column(SampleColumn.densityCorrect)), chance: chance))

    let labels = (0..<means.resamples).map { resample in
      label(
        classifies: classifies[resample], robust: robust[resample], lost: signal.lost.map { $0[resample] },
        aligned: alignment.holds[resample])
    }
    let shares = RegimeShares(labels)
    let leading = shares.leading
    var evidence = RegimeEvidenceV2(
      leadingLabel: leading, shares: shares,
      classification: .init(
        accuracy: accuracy.estimate, chance: chance, least: leastAccuracy, temperatureScale: inputs.temperatureScale,
        holdsIn: rate(classifies)),
      robustness: .init(
        step: inputs.wideStep, onManifold: on.value, offManifold: off.value,
        ratio: Quantity(value: off.value / on.value, resampled: zip(off.resampled, on.resampled).map { $0 / $1 })
          .estimate, threshold: criteria.robustRatio, holdsIn: rate(robust)),
      signal: signal.evidence,
      alignment: alignment.evidence,
      open: nil, sentences: [])
    evidence.open = evidence.openCondition(labels: shares)
    evidence.sentences = evidence.explanation(inputs, resamples: means.resamples)
    let isDecided = shares[leading] >= RegimeRule.requiredConfidence
    let isWithheld = inputs.reservations.contains(where: \.withholdsLabel)
    return RegimeVerdict(
      label: isDecided && !isWithheld ? leading : .indeterminate, confidence: shares[leading],
      reservations: inputs.reservations.isEmpty ? nil : inputs.reservations, evidence: .v2(evidence))
  }

  /// Step 3: whether signal is lost, against everything that may be the model's standard.
  private struct Signal {
    /// For each of them, in each resample.
    let lost: [[Bool]]
    let evidence: RegimeEvidenceV2.Signal

    init(
      _ means: ResampledMeans, _ inputs: RegimeInputs, _ criteria: RegimeCriteria, accuracy: Quantity, chance: Double
    ) {
      let density = Quantity(means.column(SampleColumn.densityCorrect))
      let densityAccuracy = accuracy.relative(to: density, above: chance)
      let onManifold = Quantity(means, SampleColumn.onManifold(step: inputs.smallStep))
      var lostByDensity = densityAccuracy.resampled.map { $0 < criteria.densityAccuracy }
      var densitySensitivity: Quantity?
      if let threshold = criteria.densitySensitivity, inputs.densityIsExact {
        let bayes = Quantity(means.column(SampleColumn.referenceOnManifold(step: inputs.smallStep)))
        let retained = onManifold.relative(to: bayes)
        densitySensitivity = retained
        for resample in lostByDensity.indices
        where retained.resampled[resample] < threshold && densityAccuracy.resampled[resample] < wholeBayesAccuracy {
          lostByDensity[resample] = true
        }
      }

      var candidates: [(accuracy: Quantity, sensitivity: Quantity)] = []
      var standard: RegimeEvidenceV2.Standard?
      if let given = inputs.standard, !inputs.densityIsExact {
        if let stated = given.stated {
          let accuracies = [stated.accuracy.low, stated.accuracy.high].compactMap { $0 }
          let sensitivities = [stated.onManifold.low, stated.onManifold.high].compactMap { $0 }
          candidates = Self.corners(accuracies, sensitivities, accuracy, onManifold, chance: chance)
          standard = .init(
            source: .stated, models: [given.id], sha256: given.sha256, accuracy: Self.span(accuracies),
            onManifold: Self.span(sensitivities))
        } else {
          let correct = Quantity(means.column(standardColumn(SampleColumn.correct)))
          let sensitivity = Quantity(
            means, SampleColumn.onManifold(step: inputs.smallStep), of: standardColumn)
          candidates = [(accuracy.relative(to: correct, above: chance), onManifold.relative(to: sensitivity))]
          standard = .init(
            source: .measured, models: [given.id], sha256: given.sha256, accuracy: correct.estimate,
            onManifold: sensitivity.estimate)
        }
      } else if !inputs.densityIsExact, inputs.learnedManifold == nil, !criteria.standards.isEmpty {
        let recorded = criteria.standards(ofSize: inputs.parameters)
        let (accuracies, sensitivities) = (recorded.map(\.accuracy), recorded.map(\.onManifold))
        candidates = Self.corners(accuracies, sensitivities, accuracy, onManifold, chance: chance)
        standard = .init(
          source: .recorded, models: recorded.map(\.name), sha256: nil, accuracy: Self.span(accuracies),
          onManifold: Self.span(sensitivities))
      }

      let losses = candidates.map { candidate in
        zip(candidate.accuracy.resampled, candidate.sensitivity.resampled).map { accuracy, sensitivity in
          accuracy < lostAccuracy || (sensitivity < collapsedSensitivity && accuracy < wholeAccuracy)
        }
      }
      if inputs.densityIsExact {
        // Nothing is above the Bayes classifier: it is every model's standard.
        lost = [lostByDensity]
      } else if losses.isEmpty {
        lost = [lostByDensity, [Bool](repeating: true, count: means.resamples)]
      } else {
        lost = losses.map { zip($0, lostByDensity).map { $0 || $1 } }
      }
      let lost = lost
      func rate(_ holds: (Int) -> Bool) -> Double {
        Double((0..<means.resamples).count { holds($0) }) / Double(means.resamples)
      }
      evidence = .init(
        step: inputs.smallStep, onManifold: onManifold.estimate, densityAccuracy: density.estimate,
        densityIsExact: inputs.densityIsExact, densityRetention: densityAccuracy.estimate,
        densityThreshold: criteria.densityAccuracy, densitySensitivityRetention: densitySensitivity?.estimate,
        standard: standard,
        accuracyRetention: inputs.densityIsExact
          ? densityAccuracy.estimate : Self.range(candidates.map(\.accuracy.estimate)),
        onManifoldRetention: inputs.densityIsExact
          ? densitySensitivity?.estimate : Self.range(candidates.map(\.sensitivity.estimate)),
        keptIn: rate { resample in lost.allSatisfy { !$0[resample] } },
        lostIn: rate { resample in lost.allSatisfy { $0[resample] } })
    }

    /// The model against the ends of what its standard may be.
    private static func corners(
      _ accuracies: [Double], _ sensitivities: [Double], _ accuracy: Quantity, _ onManifold: Quantity, chance: Double
    ) -> [(accuracy: Quantity, sensitivity: Quantity)] {
      func ends(_ values: [Double]) -> [Double] { Set([values.min(), values.max()].compactMap { $0 }).sorted() }
      return ends(accuracies).flatMap { reference in
        ends(sensitivities).map {
          (accuracy.relative(to: reference, above: chance), onManifold.relative(to: $0))
        }
      }
    }

    private static func span(_ values: [Double]) -> Estimate {
      Estimate(value: Set(values).count == 1 ? values.first : nil, low: values.min(), high: values.max())
    }

    private static func range(_ estimates: [Estimate]) -> Estimate? {
      guard let first = estimates.first else { return nil }
      guard estimates.count > 1 else { return first }
      return Estimate(
        value: nil, low: estimates.compactMap(\.low).min(), high: estimates.compactMap(\.high).max())
    }
  }
}
