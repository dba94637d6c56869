import Foundation
import Testing

@testable import BenchCore

@Suite struct RegimeRuleV2Tests {
  private func evidence(_ verdict: RegimeVerdict) throws -> RegimeEvidenceV2 {
    let evidence = try #require(verdict.evidence.v2)
    #expect(!evidence.sentences.isEmpty && evidence.sentences.allSatisfy { !$0.isEmpty })
    #expect(!evidence.finding.isEmpty)
    #expect(abs(RegimeLabel.allCases.reduce(0) { $0 + evidence.shares[$1] } - 1) < 1e-9)
    return evidence
  }

  private func said(_ verdict: RegimeVerdict, _ text: String) -> Bool {
    verdict.evidence.sentences.contains { $0.contains(text) }
  }

  // MARK: Steps

  @Test func robustAlignedAndWholeIsBayesAligned() throws {
    let verdict = try RuleV2Case().verdict()
    #expect(verdict.label == .bayesAligned && verdict.confidence == 1 && verdict.reservations == nil)
    let evidence = try evidence(verdict)
    #expect(evidence.open == nil && evidence.robustness.holdsIn == 1 && evidence.alignment.holdsIn == 1)
    #expect(evidence.signal.keptIn == 1 && evidence.signal.lostIn == 0)
    #expect(evidence.finding.contains("fit each single image"))
    #expect(said(verdict, "twin"))
  }

  @Test func equalSensitivityIsWeak() throws {
    let verdict = try RuleV2Case(off: 0.5).verdict()
    #expect(verdict.label == .weak && verdict.confidence == 1)
    #expect(try evidence(verdict).robustness.holdsIn == 0)
    #expect(try evidence(verdict).finding.contains("as much as steps on it"))
    // Also where nothing is known of a standard: its signal does not matter.
    #expect(try RuleV2Case(off: 0.5, standard: nil).verdict().label == .weak)
  }

  @Test func theTasksOwnThresholdOfRCounts() throws {
    var entry = RuleV2Case(off: 0.35)
    #expect(try entry.verdict().label == .bayesAligned)
    entry.criteria.robustRatio = 0.75
    #expect(try entry.verdict().label == .weak)
  }

  @Test func robustWithoutAlignmentIsWeakAndSaysSo() throws {
    let verdict = try RuleV2Case(share: 0.05).verdict()
    #expect(verdict.label == .weak && verdict.confidence == 1)
    let evidence = try evidence(verdict)
    #expect(evidence.robustness.holdsIn == 1 && evidence.alignment.holdsIn == 0)
    #expect(evidence.finding.contains("ALIGNMENT that is missing"))
    // However high the cosine is.
    #expect(try RuleV2Case(cosine: 0.99, share: 0.05).verdict().label == .weak)
  }

  /// Where the alignment itself is negative no share of it is the image's.
  @Test func alignmentOfTheWrongSignIsNone() throws {
    let verdict = try RuleV2Case(beyond: -0.5).verdict()
    #expect(verdict.label == .weak)
    #expect(try evidence(verdict).alignment.holdsIn == 0)
  }

  @Test func withoutGradientsNothingIsAligned() throws {
    let verdict = try RuleV2Case(cosine: .nan, share: .nan).verdict()
    #expect(verdict.label == .indeterminate)
    #expect(try evidence(verdict).alignment.share.value == nil)
    #expect(try RuleV2Case(off: 0.5, cosine: .nan, share: .nan).verdict().label == .weak)
  }

  @Test func accuracyBelowTheDensitysIsExcessive() throws {
    let verdict = try RuleV2Case(accuracy: 0.75, densityAccuracy: 0.95, standard: .init(accuracy: 0.75, small: 0.08))
      .verdict()
    #expect(verdict.label == .excessive && verdict.confidence == 1)
    let evidence = try evidence(verdict)
    #expect(abs((evidence.signal.densityRetention.value ?? 0) - 0.65 / 0.85) < 1e-9)
    #expect(evidence.signal.lostIn == 1 && evidence.finding.contains("at the price of the signal"))
    // No standard is needed to see it.
    #expect(try RuleV2Case(accuracy: 0.75, densityAccuracy: 0.95, standard: nil).verdict().label == .excessive)
  }

  @Test func halfTheStandardsAccuracyIsExcessive() throws {
    let verdict = try RuleV2Case(accuracy: 0.4, densityAccuracy: 0.35).verdict()
    #expect(verdict.label == .excessive)
    #expect(abs((verdict.evidence.accuracyRetention?.value ?? 0) - 0.3 / 0.85) < 1e-9)
  }

  @Test func collapsedSensitivityIsExcessiveWhereAccuracyIsLostToo() throws {
    let collapsed = RuleV2Case(small: 0.03, accuracy: 0.7, densityAccuracy: 0.5)
    #expect(try collapsed.verdict().label == .excessive)
    // One without the other is none: a network that gave up no accuracy gave up nothing.
    #expect(try RuleV2Case(small: 0.03).verdict().label == .bayesAligned)
    #expect(try RuleV2Case(accuracy: 0.7, densityAccuracy: 0.5).verdict().label == .bayesAligned)
  }

  /// Signal is asked for before alignment, and lost signal is told whatever gradients are.
  @Test func lostSignalComesBeforeAlignment() throws {
    #expect(try RuleV2Case(accuracy: 0.4, densityAccuracy: 0.35, share: 0.05).verdict().label == .excessive)
    #expect(try RuleV2Case(accuracy: 0.4, densityAccuracy: 0.35, share: .nan).verdict().label == .excessive)
  }

  @Test(arguments: [nil, 1.5] as [Double?]) func atChanceThereIsNoRegime(temperatureScale: Double?) throws {
    let verdict = try RuleV2Case(accuracy: 0.08, temperatureScale: temperatureScale).verdict()
    let evidence = try evidence(verdict)
    #expect(verdict.label == .indeterminate && evidence.leadingLabel == .indeterminate && verdict.confidence == 1)
    #expect(evidence.open?.condition == .classification)
    #expect(evidence.open?.settledBy.contains("a model that classifies") ?? false)
    #expect(said(verdict, "nothing to call a regime") && evidence.finding.contains("does not classify"))
  }

  /// Right by other means than its logits: they say nothing of the labels.
  @Test func withoutATemperatureThereIsNoRegime() throws {
    let verdict = try RuleV2Case(temperatureScale: nil).verdict()
    #expect(verdict.label == .indeterminate)
    #expect(try evidence(verdict).open?.condition == .classification)
    #expect(said(verdict, "no scaling of the logits"))
  }

  // MARK: Standards

  @Test func itsOwnStandardIsLikeIt() throws {
    var entry = RuleV2Case()
    entry.standard = nil
    var inputs = entry.inputs
    inputs.standard = StandardReference(id: "itself", sha256: nil)
    var table = entry.samples
    for column in entry.samples.columns where RegimeRuleV2.columns(entry.inputs).contains(column.name) {
      table.append(RegimeRuleV2.standardColumn(column.name), column.values)
    }
    let means = Bootstrap(imageCount: RuleV2Case.images, resamples: 400, seed: 1).means(of: table)
    let verdict = try RegimeRule.verdict(from: means, inputs)
    for retention in [verdict.evidence.accuracyRetention, verdict.evidence.onManifoldRetention] {
      for number in [retention?.value, retention?.low, retention?.high] { #expect(abs((number ?? 0) - 1) < 1e-9) }
    }
  }

  @Test func withoutAStandardSignalStaysOpen() throws {
    let verdict = try RuleV2Case(standard: nil).verdict()
    let evidence = try evidence(verdict)
    #expect(verdict.label == .indeterminate && evidence.leadingLabel == .indeterminate)
    #expect(evidence.signal.standard == nil && verdict.evidence.accuracyRetention == nil)
    #expect(evidence.open?.condition == .signal && evidence.open?.settledBy.contains("--standard") ?? false)
    #expect(said(verdict, "what the objective cost in signal is not known"))
  }

  @Test func recordedStandardsStandForATwin() throws {
    var entry = RuleV2Case(standard: nil)
    entry.criteria.standards = [
      RecordedStandard("a", parameters: 1000, accuracy: 0.95, onManifold: 0.08),
      RecordedStandard("b", parameters: 2000, accuracy: 0.96, onManifold: 0.3),
    ]
    // Accuracy is whole against both.
    let whole = try entry.verdict()
    #expect(whole.label == .bayesAligned)
    let standard = try #require(try evidence(whole).signal.standard)
    #expect(standard.source == .recorded && standard.models == ["a", "b"])
    let ratio = try #require(whole.evidence.onManifoldRetention)
    #expect(ratio.value == nil && (ratio.low ?? 1) < 0.3 && (ratio.high ?? 0) > 0.95)

    // Against the first on-manifold sensitivity is kept, against the second it has collapsed.
    (entry.accuracy, entry.densityAccuracy) = (0.75, 0.5)
    let open = try entry.verdict()
    let found = try evidence(open)
    #expect(open.label == .indeterminate && found.signal.keptIn < 0.05 && found.signal.lostIn < 0.05)
    #expect(found.open?.condition == .signal && found.open?.settledBy.contains("--standard") ?? false)
    #expect(said(open, "(a, b)"))

    // Networks of another size do not count where there are some of this one's.
    entry.criteria.standards[1].parameters = 1_000_000
    let near = try entry.verdict()
    #expect(near.label == .bayesAligned)
    #expect(try evidence(near).signal.standard?.models == ["a"])
    // A twin decides alone.
    entry.standard = .init(accuracy: 0.96, small: 0.3)
    #expect(try entry.verdict().label == .excessive)
  }

  /// Recorded sensitivities are those along the task's own tangent spaces.
  @Test func recordedStandardsSayNothingOfOtherTangentSpaces() throws {
    var entry = RuleV2Case(standard: nil)
    entry.criteria.standards = [RecordedStandard("a", parameters: 1000, accuracy: 0.95, onManifold: 0.08)]
    #expect(try entry.verdict().label == .bayesAligned)
    entry.learnedManifold = "autoencoder other"
    let verdict = try entry.verdict()
    #expect(verdict.label == .indeterminate && verdict.evidence.v2?.signal.standard == nil)
    #expect(verdict.evidence.sentences.first?.contains("autoencoder other") ?? false)
  }

  @Test func whatATwinsResultStatesIsUsedWithItsIntervals() throws {
    func around(_ value: Double, _ margin: Double) -> Estimate {
      Estimate(value: value, low: value - margin, high: value + margin)
    }
    var entry = RuleV2Case(small: 0.04, accuracy: 0.75, densityAccuracy: 0.5, standard: nil)
    entry.stated = .init(accuracy: around(0.95, 0.01), onManifold: around(0.06, 0.001))
    let kept = try entry.verdict()
    #expect(kept.label == .bayesAligned)
    let standard = try #require(try evidence(kept).signal.standard)
    #expect(standard.source == .stated && standard.models == ["twin"])
    entry.stated?.onManifold = around(0.2, 0.001)
    #expect(try entry.verdict().label == .excessive)
    // K is 0.4 to 2: not the number, but its interval decides.
    entry.stated?.onManifold = around(0.06, 0.04)
    #expect(try entry.verdict().label == .indeterminate)
    #expect(try evidence(entry.verdict()).open?.condition == .signal)
    // A result without intervals says nothing.
    entry.stated = .init(
      accuracy: Estimate(value: nil, low: nil, high: nil), onManifold: Estimate(value: nil, low: nil, high: nil))
    #expect(try entry.verdict().label == .indeterminate)
  }

  // MARK: The gain beside a standard

  /// A share of 0.5 tells neither; the model's specific alignment is 0.25, its R 0.5.
  private func between(_ standardSpecific: Double?, off: Double = 0.4, share: Double = 0.5) -> RuleV2Case {
    var entry = RuleV2Case(share: share, standard: .init(specific: standardSpecific, off: off))
    (entry.criteria.specificShare, entry.criteria.templateShare) = (0.8, 0.3)
    return entry
  }

  @Test func whereTheShareTellsNeitherTheStandardDecides() throws {
    let aligned = try between(0.15).verdict()
    #expect(aligned.label == .bayesAligned)
    let gain = try #require(try evidence(aligned).alignment.besideStandard)
    #expect(
      abs((gain.specificGain.value ?? 0) - 1.667) < 0.05 && abs((gain.standardSpecific.value ?? 0) - 0.15) < 0.005)
    #expect(abs((gain.relativeRatio.value ?? 0) - 0.5) < 0.03 && abs((gain.standardRatio.value ?? 0) - 1) < 0.03)
    #expect(said(aligned, "times as much") && said(aligned, "the twin's R is"))

    // As its standard in both.
    let standard = try between(0.24, off: 0.21).verdict()
    #expect(standard.label == .weak)
    #expect(try evidence(standard).finding.contains("as its standard twin's do"))

    // Beside a standard that has nothing anything is more, and no multiple is told.
    let nothing = try between(-0.01).verdict()
    #expect(nothing.label == .bayesAligned)
    #expect(try evidence(nothing).alignment.besideStandard?.specificGain.value == nil)
    #expect(said(nothing, "no multiple means anything"))
  }

  /// A twin trained on less, say: better in one thing and not in the other, or worse.
  @Test(arguments: [(0.15, 0.21), (0.24, 0.4), (0.2, 0.4), (0.5, 0.21), (0.24, 0.1)])
  func betterInOneThingOnlyIsUndecided(specific: Double, off: Double) throws {
    let open = try between(specific, off: off).verdict()
    #expect(open.label == .indeterminate)
    #expect(try evidence(open).open?.condition == .alignment)
    #expect(try !(evidence(open).open?.settledBy.contains("--standard") ?? true))
  }

  @Test func withoutAStandardOnlyTheShareSpeaks() throws {
    let unknown = try between(nil).verdict()
    #expect(unknown.label == .indeterminate)
    #expect(try evidence(unknown).alignment.besideStandard == nil)
    #expect(try evidence(unknown).open?.settledBy.contains("--standard FILE") ?? false)
    // What the share tells, no standard changes: a template beside a poor one, and a gradient all of the image's own.
    #expect(try between(0.02, share: 0.2).verdict().label == .weak)
    #expect(try between(0.45, off: 0.2, share: 0.9).verdict().label == .bayesAligned)
  }

  /// A file of samples may lack any one column: the rule names it, or does without what needs it.
  @Test func noColumnIsTakenForGranted() throws {
    var entry = between(0.15)
    entry.second = .init()
    for column in entry.samples.columns {
      let rest = SampleTable(entry.samples.namedColumns.filter { $0.name != column.name })
      let means = Bootstrap(imageCount: RuleV2Case.images, resamples: 20, seed: 1).means(of: rest)
      do {
        let verdict = try RegimeRule.verdict(version: "v2", from: means, entry.inputs)
        #expect(column.name.hasPrefix("standard/"), "\(column.name)")
        #expect(try evidence(verdict).alignment.besideStandard == nil, "\(column.name)")
      } catch RegimeRuleError.missingColumn(let name, version: "v2") {
        #expect(name == column.name)
      }
    }
  }

  @Test func aStatedStandardIsTakenAtBothEndsOfItsInterval() throws {
    func around(_ value: Double, _ margin: Double) -> Estimate {
      Estimate(value: value, low: value - margin, high: value + margin)
    }
    var entry = between(nil)
    entry.standard = nil
    entry.stated = .init(
      accuracy: around(0.95, 0.01), onManifold: around(0.08, 0.001), specific: around(0.15, 0.01),
      ratio: around(1, 0.05))
    #expect(try entry.verdict().label == .bayesAligned)
    let gain = try #require(try evidence(entry.verdict()).alignment.besideStandard?.specificGain)
    #expect(gain.value == nil && (gain.low ?? 0) < 1.57 && (gain.high ?? 0) > 1.78)
    // R may be no better.
    entry.stated?.ratio = around(0.7, 0.2)
    #expect(try entry.verdict().label == .indeterminate)
    entry.stated?.ratio = around(0.5, 0.02)
    entry.stated?.specific = around(0.25, 0.01)
    #expect(try entry.verdict().label == .weak)
    entry.stated?.specific = around(0.25, 0.06)
    #expect(try entry.verdict().label == .indeterminate)
    entry.stated?.specific = nil
    #expect(try evidence(entry.verdict()).alignment.besideStandard == nil)
  }

  // MARK: Exact densities

  @Test func theBayesClassifierIsTheStandard() throws {
    let verdict = try RuleV2Case.exact().verdict()
    #expect(verdict.label == .bayesAligned)
    #expect(try evidence(verdict).signal.standard == nil)
    #expect(verdict.evidence.accuracyRetention == verdict.evidence.v2?.signal.densityRetention)
    // Collapsed sensitivity counts where accuracy is not whole either.
    let lost = RuleV2Case.exact { ($0.accuracy, $0.small) = (0.82, 0.05) }
    #expect(try lost.verdict().label == .excessive)
    #expect(try RuleV2Case.exact { $0.accuracy = 0.82 }.verdict().label == .bayesAligned)
    #expect(try RuleV2Case.exact { $0.small = 0.05 }.verdict().label == .bayesAligned)
    #expect(try RuleV2Case.exact { $0.accuracy = 0.65 }.verdict().label == .excessive)
  }

  @Test func theCosineMustReachTheGate() throws {
    #expect(try RuleV2Case.exact { $0.cosine = 0.3 }.verdict().label == .weak)
    // A fitted density's has none.
    #expect(try RuleV2Case(cosine: 0.3).verdict().label == .bayesAligned)
    let verdict = try RuleV2Case.exact { $0.cosine = 0.3 }.verdict()
    #expect(said(verdict, "which must reach 0.45"))
  }

  // MARK: What stays open

  @Test func aBoundaryNamesTheConditionAndWhatWouldSettleIt() throws {
    let robustness = try RuleV2Case(off: 0.398, spread: 0.3).verdict()
    #expect(robustness.label == .indeterminate && robustness.confidence < 0.95)
    #expect(
      try evidence(robustness).open
        == RegimeEvidenceV2.Open(condition: .robustness, settledBy: "more images (--images)"))
    #expect(said(robustness, "Open is the condition on robustness"))

    let alignment = try RuleV2Case(share: 0.245, spread: 0.3).verdict()
    #expect(alignment.label == .indeterminate)
    #expect(try evidence(alignment).open?.condition == .alignment)
    #expect(try evidence(alignment).open?.settledBy.contains("a better reference") ?? false)
    let exact = try RuleV2Case.exact { ($0.share, $0.spread) = (0.245, 0.3) }.verdict()
    #expect(
      try evidence(exact).open == RegimeEvidenceV2.Open(condition: .alignment, settledBy: "more images (--images)"))

    // K is 0.5 to a tenth, A clearly below whole.
    let signal = try RuleV2Case(small: 0.04, accuracy: 0.7, densityAccuracy: 0.5, spread: 0.3).verdict()
    #expect(signal.label == .indeterminate)
    #expect(try evidence(signal).open == RegimeEvidenceV2.Open(condition: .signal, settledBy: "more images (--images)"))
  }

  @Test func noOnManifoldSensitivityDoesNotCrash() throws {
    let unbounded = try RuleV2Case(on: 0).verdict()
    #expect(unbounded.label == .weak && unbounded.evidence.sensitivityRatio.value == nil)
    #expect(said(unbounded, "unbounded"))
    let constant = try RuleV2Case(off: 0, on: 0, small: 0).verdict()
    #expect(constant.label == .indeterminate && said(constant, "responds to neither"))
    #expect(try RuleV2Case(standard: .init(accuracy: 0.95, small: 0)).verdict().label == .bayesAligned)
  }

  /// The temperature is fitted to the images, and its uncertainty is that of every sensitivity.
  @Test func theTemperaturesUncertaintyIsInTheIntervals() throws {
    func width(_ entry: RuleV2Case) throws -> Double {
      let estimate = try #require(try entry.verdict().evidence.v2?.signal.onManifold)
      return (estimate.high ?? 0) - (estimate.low ?? 0)
    }
    var entry = RuleV2Case(spread: 0)
    #expect(try width(entry) < 1e-9)
    (entry.slope, entry.influence) = (0.1, 1)
    // The slope times the deviation of a mean of 400 influences: 0.005, of which the interval holds four.
    #expect(abs(try width(entry) - 2 * 1.96 * 0.005) < 0.004)
    entry.slope = 0
    #expect(try width(entry) < 1e-9)
  }

  // MARK: Reservations

  @Test func assumptionsQualifyALabel() throws {
    let verdict = try RuleV2Case(reservations: [.assumedNormalisation]).verdict()
    #expect(verdict.label == .bayesAligned && verdict.reservations == [.assumedNormalisation])
    #expect(said(verdict, "ASSUMED"))
  }

  @Test(arguments: [RegimeReservation.unusedTensors, .referenceMaterial])
  func othersWithholdIt(reservation: RegimeReservation) throws {
    let verdict = try RuleV2Case(reservations: [.assumedNormalisation, reservation]).verdict()
    #expect(verdict.label == .indeterminate && verdict.confidence == 1)
    #expect(verdict.reservations == [.assumedNormalisation, reservation])
    let evidence = try evidence(verdict)
    #expect(evidence.leadingLabel == .bayesAligned && evidence.open == nil)
    #expect(said(verdict, "no label is given"))
    #expect(ResultSummary.verdict(verdict).contains("no label is given (\(reservation.rawValue))"))
  }

  // MARK: The rule at one set of numbers

  @Test func labels() {
    func label(
      _ robust: Bool?, _ lost: [Bool], _ aligned: Bool?, classifies: Bool = true
    ) -> RegimeLabel {
      RegimeRuleV2.label(classifies: classifies, robust: robust, lost: lost, aligned: aligned)
    }
    for robust in [nil, true, false] as [Bool?] {
      for aligned in [nil, true, false] as [Bool?] {
        for lost in [[], [true], [false], [true, false]] as [[Bool]] {
          #expect(label(robust, lost, aligned, classifies: false) == .indeterminate)
        }
      }
    }
    for aligned in [nil, true, false] as [Bool?] {
      for lost in [[true], [false], [true, false]] {
        #expect(label(nil, lost, aligned) == .indeterminate)
        #expect(label(false, lost, aligned) == .weak)
      }
      #expect(label(true, [true], aligned) == .excessive)
      #expect(label(true, [true, true], aligned) == .excessive)
      #expect(label(true, [true, false], aligned) == .indeterminate)
    }
    #expect(label(true, [false], true) == .bayesAligned)
    #expect(label(true, [false, false], true) == .bayesAligned)
    #expect(label(true, [false], false) == .weak)
    #expect(label(true, [false], nil) == .indeterminate)
  }

  // MARK: What it needs

  @Test func whatIsMissingIsNamed() throws {
    let entry = RuleV2Case()
    let whole = entry.samples
    for name in RegimeRuleV2.columns(entry.inputs) {
      let table = SampleTable(whole.namedColumns.filter { $0.name != name })
      let means = Bootstrap(imageCount: RuleV2Case.images, resamples: 2, seed: 1).means(of: table)
      #expect(throws: RegimeRuleError.missingColumn(name, version: "v2")) {
        try RegimeRule.verdict(from: means, entry.inputs)
      }
    }
    var inputs = entry.inputs
    inputs.criteria = nil
    let means = entry.means(resamples: 2)
    #expect(throws: RegimeRuleError.noCriteria(version: "v2")) { try RegimeRule.verdict(from: means, inputs) }
    #expect(throws: RegimeRuleError.unknownVersion("v9")) {
      try RegimeRule.verdict(version: "v9", from: means, entry.inputs)
    }
    #expect(RegimeRule.version == "v2" && RegimeRule.versions == ["v1", "v2"])
  }

  @Test func standardsOfComparableSizeComeFirst() {
    var criteria = RuleV2Case().criteria
    criteria.standards = [10_000, 100_000, 99_000_000].map {
      RecordedStandard("\($0)", parameters: $0, accuracy: 0.9, onManifold: 0.1)
    }
    func names(_ parameters: Int) -> [String] { criteria.standards(ofSize: parameters).map(\.name) }
    #expect(names(50_000) == ["10000", "100000"])
    #expect(names(10_000_000) == ["99000000"])
    // Of no network's size, and where the size is not known, or is nonsense: all of them.
    for parameters in [10, 0, -5, Int.max, Int.min] { #expect(names(parameters).count == 3) }
  }
}
