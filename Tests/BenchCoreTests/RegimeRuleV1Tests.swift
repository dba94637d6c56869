import Foundation
import Tensor
import Testing

@testable import BenchCore

@Suite struct RegimeRuleV1Tests {
  /// Means of synthetic samples, with a spread of a tenth.
  private struct Case {
    var off = 0.2
    var on = 0.4
    var small = 0.08
    var accuracy = 0.95
    var cosine = 0.55
    var referenceSmall = 0.037
    var referenceAccuracy = 0.98
    var controls: [AlignmentControl: Double] = [.random: 0, .image: 0.05, .sobel: 0.1, .otherImage: 0.02]
    var calibration: RegimeCalibration = .bayes(gate: 0.45)
    var standardAccuracy: Double?

    func verdict(images: Int = 400, spread: Double = 0.1) -> RegimeVerdict {
      let decisive = AlignmentColumns(
        reference: .classifier, target: .logOddsPredicted, metric: CosineMetric().id, noise: 0.5)
      let stream = RandomStream(seed: 4, name: "synthetic")
      var columns = 0
      func around(_ mean: Double) -> [Double] {
        columns += 1
        return stream.normals(item: columns, count: images).map { mean * (1 + spread * $0) }
      }
      func shares(_ share: Double) -> [Double] {
        (0..<images).map { Double($0) < share * Double(images) - 0.5 ? 1 : 0 }
      }
      var table = SampleTable([
        (SampleColumn.correct, shares(accuracy)), (SampleColumn.onManifold(step: 8), around(on)),
        (SampleColumn.offManifold(step: 8), around(off)), (SampleColumn.onManifold(step: 2), around(small)),
        (SampleColumn.referenceOnManifold(step: 2), around(referenceSmall)),
        (SampleColumn.referenceCorrect, shares(referenceAccuracy)), (decisive.column, around(cosine)),
      ])
      for control in AlignmentControl.allCases {
        table.append(decisive.column(of: control), around(controls[control] ?? 0))
      }
      let means = Bootstrap(imageCount: images, resamples: 400, seed: 1).means(of: table)
      return RegimeRuleV1.verdict(
        from: means,
        RegimeInputs(
          classCount: 10, wideStep: 8, smallStep: 2, densityIsExact: true, decisive: decisive, calibration: calibration,
          standardAccuracy: standardAccuracy, criteria: nil, parameters: 0, temperatureScale: nil, standard: nil,
          learnedManifold: nil, reservations: []))
    }
  }

  private func said(_ verdict: RegimeVerdict, _ text: String) -> Bool {
    verdict.evidence.sentences.contains { $0.contains(text) }
  }

  @Test func robustAndAlignedIsBayesAligned() {
    let verdict = Case().verdict()
    #expect(verdict.label == .bayesAligned && verdict.confidence == 1)
    #expect(verdict.evidence.v1?.alignment.passed == true && verdict.reservations == nil)
    #expect(said(verdict, "off-manifold robust.") && said(verdict, "reaching the gate 0.45"))
  }

  @Test func equalSensitivityIsWeak() {
    let verdict = Case(off: 0.5, on: 0.4).verdict()
    #expect(verdict.label == .weak)
    #expect(said(verdict, "not below 1, so weak"))
  }

  @Test func robustWithoutAlignmentIsWeakAndSaysSo() {
    let verdict = Case(cosine: 0.3).verdict()
    #expect(verdict.label == .weak)
    #expect(said(verdict, "off-manifold robust, gradient not aligned"))
  }

  @Test func lostSensitivityOrAccuracyIsExcessive() {
    #expect(Case(small: 0.02).verdict().label == .excessive)
    #expect(Case(accuracy: 0.75).verdict().label == .excessive)
  }

  @Test func halfTheAccuracyIsExcessiveOnlyWhereSensitivityCollapsed() {
    #expect(Case(small: 0.02, accuracy: 0.4).verdict().label == .excessive)
    let broken = Case(accuracy: 0.4).verdict()
    #expect(broken.label == .indeterminate && broken.evidence.leadingLabel == .indeterminate)
    #expect(broken.confidence == 1 && said(broken, "broken or untrained"))
    // Also where off-manifold sensitivity is the higher one.
    #expect(Case(off: 0.5, accuracy: 0.4).verdict().label == .indeterminate)
  }

  @Test func aBoundaryIsIndeterminateAndNamesTheLeader() {
    let verdict = Case(off: 0.398, on: 0.4).verdict(spread: 0.3)
    #expect(verdict.label == .indeterminate && verdict.confidence < 0.95)
    #expect([.weak, .bayesAligned].contains(verdict.evidence.leadingLabel))
    #expect(said(verdict, "leading \(verdict.evidence.leadingLabel.rawValue)"))
  }

  @Test func theRelativeGateComparesIntervals() throws {
    var entry = Case(calibration: .recorded(onManifoldSensitivity: 0.07, models: ["standard-a", "standard-b"]))
    let verdict = entry.verdict()
    #expect(verdict.label == .bayesAligned)
    let evidence = try #require(verdict.evidence.v1)
    #expect(evidence.alignment.gate.kind == .relative && evidence.alignment.gate.control == .sobel)
    #expect(evidence.accuracyRetention.used == false)
    #expect(said(verdict, "A is not used") && said(verdict, "standard-a, standard-b"))
    entry.controls[.image] = 0.549
    let unaligned = entry.verdict()
    #expect(unaligned.label == .weak && unaligned.evidence.v1?.alignment.gate.control == .image)
    #expect(said(unaligned, "not above the upper bound of every control"))
  }

  @Test func recordedCalibrationsUseWhatIsKnown() {
    let recorded = RegimeCalibration.recorded(onManifoldSensitivity: 0.2, models: [])
    #expect(Case(calibration: recorded).verdict().label == .excessive)
    let low = Case(
      accuracy: 0.7, calibration: .recorded(onManifoldSensitivity: 0.07, models: []), standardAccuracy: 0.95)
    #expect(low.verdict().label == .excessive)
    var unstated = low
    unstated.standardAccuracy = nil
    #expect(unstated.verdict().label == .bayesAligned)
  }

  @Test func withoutCalibrationNeitherIsUsed() throws {
    let verdict = Case(small: 0.001, accuracy: 0.2, calibration: .none, standardAccuracy: 0.95).verdict()
    #expect(verdict.label == .bayesAligned)
    let evidence = try #require(verdict.evidence.v1)
    #expect(!evidence.onManifoldRetention.used && !evidence.accuracyRetention.used)
    #expect(verdict.evidence.onManifoldRetention == nil && verdict.evidence.accuracyRetention == nil)
    #expect(said(verdict, "K is not used"))
  }

  @Test func noOnManifoldSensitivityDoesNotCrash() {
    let unbounded = Case(on: 0).verdict()
    #expect(unbounded.label == .weak && unbounded.evidence.sensitivityRatio.value == nil)
    #expect(said(unbounded, "unbounded"))
    let constant = Case(off: 0, on: 0, small: 0, calibration: .recorded(onManifoldSensitivity: 0.1, models: []))
    #expect(constant.verdict().label == .excessive)
    #expect(Case(off: 0, on: 0, small: 0, calibration: .none).verdict().label == .indeterminate)
    #expect(Case(cosine: .nan).verdict().label == .indeterminate)
  }

  /// The study's 47 models and 6 smoothed Bayes classifiers, from their printed numbers.
  @Test(.enabled(if: SharedFiles.url("study/regimes/rule.txt") != nil, "the study is not beside the repository"))
  func studyLabelsFollow() throws {
    func lines(_ name: String) throws -> [String] {
      let url = try #require(SharedFiles.url("study/regimes/\(name)"))
      return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map(String.init)
    }
    // tab.txt, second table: column B0.5_lo is the twelfth number after the 16 characters of the name... by its header.
    let table = try lines("tab.txt")
    let header = try #require(table.lastIndex { $0.hasPrefix("model") })
    let position = try #require(table[header].split(separator: " ").firstIndex(of: "B0.5_lo"))
    var cosines: [String: Double] = [:]
    for line in table[(header + 1)...] {
      let fields = line.split(separator: " ")
      cosines[fields[0..<3].joined(separator: " ")] = Double(fields[position + 2])
    }
    var checked = 0
    var exceptions: [String] = []
    for line in try lines("rule.txt").dropFirst() {
      let fields = line.split(separator: " ").map(String.init)
      let name = fields[0..<3].joined(separator: " ")
      let share = try #require(line.firstMatch(of: /'(\w+)': ([\d.]+)/).flatMap { Double($0.2) })
      let numbers = try #require(line.firstMatch(of: /\} +([\d.]+) \[[\d.]+,[\d.]+\] +([\d.]+) +([\d.]+) \|/))
      guard share > 0.95, line.contains("'\(fields[3])': \(share)") else { continue }
      let ratio = try #require(Double(numbers.1))
      let label = RegimeRuleV1.label(
        offManifold: ratio, onManifold: 1, retention: Double(numbers.2), accuracyRetention: Double(numbers.3),
        aligned: true)
      let study = fields[3] == "aligned" ? "bayes-aligned" : fields[3]
      if label.rawValue != study { exceptions.append("\(name): study \(study), v1 \(label.rawValue)") }
      // With the gate, what was aligned and lies below it is weak, and nothing else changes.
      let cosine = try #require(cosines[name])
      let gated = RegimeRuleV1.label(
        offManifold: ratio, onManifold: 1, retention: Double(numbers.2), accuracyRetention: Double(numbers.3),
        aligned: cosine >= 0.45)
      #expect(gated == (label == .bayesAligned && cosine < 0.45 ? .weak : label))
      checked += 1
    }
    #expect(checked >= 44)
    // The study's rule had no branch for a broken model: here A = 0.34 without collapsed sensitivity.
    #expect(exceptions == ["rs 2.5 #0: study excessive, v1 indeterminate"])
  }
}
