import BenchCore

/// What figure 3 of the paper says of a robustness objective, as statements that a sweep can contradict. Numbers are means
/// over the seeds.
struct SweepChecks {
  /// Ascending in strength.
  let strengths: [StrengthSummary]
  let records: [CellRecord]
  let smallStep: Double
  let wideStep: Double

  static let requiredCorrelation = -0.9
  static let allowedDeviation = 0.25
  /// By how much accuracy must have gone down to have started to fall.
  static let accuracyLoss = 0.02

  var all: [SweepCheck] {
    let steps = smallStep == wideStep ? [wideStep] : [smallStep, wideStep]
    return steps.map(offManifoldFalls) + steps.map(onManifoldStays) + [alignmentPeaks, regimesInOrder]
  }

  private func undecided(_ id: String, _ statement: String, _ why: String) -> SweepCheck {
    SweepCheck(id: id, statement: statement, verdict: .undecided, numbers: why)
  }

  private func offManifoldFalls(_ step: Double) -> SweepCheck {
    let id = "off-manifold-falls-\(SweepCell.text(step))"
    let statement =
      "off-manifold sensitivity at step \(significant(step, trimming: true)) falls with strength (Spearman below \(Self.requiredCorrelation))"
    let pairs = strengths.compactMap { summary in
      summary.sensitivity(at: step)?.offManifold.mean.map { (summary.strength, $0) }
    }
    guard pairs.count > 2, let correlation = RankCorrelation.spearman(pairs.map(\.0), pairs.map(\.1)) else {
      return undecided(id, statement, "needs three strengths that differ, has \(pairs.count)")
    }
    let seeds = Set(records.map(\.seed)).sorted()
    let single = seeds.compactMap { seed -> String? in
      let own = records.filter { $0.seed == seed }.compactMap { record in
        record.measured?.sensitivity.first { $0.stepSize == step }?.offManifold.value.map { (record.strength, $0) }
      }
      return RankCorrelation.spearman(own.map(\.0), own.map(\.1)).map { "seed \(seed): \(fixed(finite: $0, 3))" }
    }
    return SweepCheck(
      id: id, statement: statement, verdict: correlation < Self.requiredCorrelation ? .held : .notHeld,
      numbers: "\(fixed(finite: correlation, 3)) over \(pairs.count) strengths" + list(single, when: seeds.count > 1))
  }

  /// The first strength whose accuracy has fallen: its mean at least two points below that of the least strength, and the
  /// intervals of the two, averaged over seeds, apart.
  private var fall: Int? {
    guard let first = strengths.first, let start = first.accuracy.mean, let low = interval(first.strength)?.low else {
      return nil
    }
    return strengths.indices.dropFirst().first { index in
      guard let mean = strengths[index].accuracy.mean, let high = interval(strengths[index].strength)?.high else {
        return false
      }
      return mean <= start - Self.accuracyLoss && high < low
    }
  }

  private func interval(
    _ strength: Double, of estimate: KeyPath<CellRecord.Measured, Estimate> = \.accuracy
  ) -> (low: Double, high: Double)? {
    let estimates = records.filter { $0.strength == strength }.compactMap { $0.measured?[keyPath: estimate] }
    guard let low = StrengthSummary.Spread(estimates.map(\.low)).mean,
      let high = StrengthSummary.Spread(estimates.map(\.high)).mean
    else { return nil }
    return (low, high)
  }

  private func onManifoldStays(_ step: Double) -> SweepCheck {
    let id = "on-manifold-stays-\(SweepCell.text(step))"
    let statement =
      "on-manifold sensitivity at step \(significant(step, trimming: true)) stays within 25 % until accuracy starts to fall"
    guard let first = strengths.first, let start = first.sensitivity(at: step)?.onManifold.mean, start > 0 else {
      return undecided(id, statement, "there is nothing to compare with")
    }
    let fall = fall
    let before = strengths[..<(fall ?? strengths.count)].dropFirst()
    let deviations = before.compactMap { summary in
      summary.sensitivity(at: step)?.onManifold.mean.map { (summary.strength, $0 / start - 1) }
    }
    let place =
      fall.map { index in
        "accuracy falls from \(SweepCell.text(strengths[index].strength)) on "
          + "(\(fixed(finite: first.accuracy.mean, 3)) to \(fixed(finite: strengths[index].accuracy.mean, 3)))"
      } ?? "accuracy does not fall"
    guard let worst = deviations.max(by: { abs($0.1) < abs($1.1) }) else {
      return undecided(id, statement, "\(place); there is no strength between \(SweepCell.text(first.strength)) and it")
    }
    return SweepCheck(
      id: id, statement: statement, verdict: abs(worst.1) <= Self.allowedDeviation ? .held : .notHeld,
      numbers: "\(place); before, the largest change is \(percent(worst.1)) at \(SweepCell.text(worst.0))")
  }

  private var alignmentPeaks: SweepCheck {
    let id = "alignment-peaks-inside"
    let statement = "alignment is highest at a strength inside the range, its interval above those of both ends"
    let means = strengths.compactMap { summary in summary.alignment.mean.map { (strength: summary.strength, mean: $0) }
    }
    guard means.count > 2, let first = means.first, let last = means.last,
      let peak = means.max(by: { $0.mean < $1.mean }),
      let low = interval(peak.strength, of: \.alignment)?.low,
      let firstHigh = interval(first.strength, of: \.alignment)?.high,
      let lastHigh = interval(last.strength, of: \.alignment)?.high
    else { return undecided(id, statement, "needs three strengths with an alignment, has \(means.count)") }
    let isInside = peak.strength != first.strength && peak.strength != last.strength
    return SweepCheck(
      id: id, statement: statement, verdict: isInside && low > max(firstHigh, lastHigh) ? .held : .notHeld,
      numbers: "\(fixed(finite: peak.mean, 3)) at \(SweepCell.text(peak.strength)) (from \(fixed(finite: low, 3))), "
        + "\(fixed(finite: first.mean, 3)) at \(SweepCell.text(first.strength)), "
        + "\(fixed(finite: last.mean, 3)) at \(SweepCell.text(last.strength)) (up to \(fixed(finite: max(firstHigh, lastHigh), 3)))"
    )
  }

  private var regimesInOrder: SweepCheck {
    let seeds = Set(records.map(\.seed)).sorted()
    let single = seeds.map { seed in
      let labels = records.filter { $0.seed == seed }.compactMap { $0.measured?.label }
      return "seed \(seed): \(Self.sequence(labels))\(Self.isInOrder(labels) ? "" : " (not in order)")"
    }
    let labels = strengths.map(\.label)
    return SweepCheck(
      id: "regimes-in-order",
      statement: "regimes come in the order weak, bayes-aligned, excessive, all three of them (undecided left out)",
      verdict: Self.isInOrder(labels) ? .held : .notHeld,
      numbers: Self.sequence(labels) + list(single, when: seeds.count > 1))
  }

  private static let order: [RegimeLabel] = [.weak, .bayesAligned, .excessive]

  static func isInOrder(_ labels: [RegimeLabel]) -> Bool {
    let ranks = labels.compactMap { order.firstIndex(of: $0) }
    return ranks == ranks.sorted() && Set(ranks).count == order.count
  }

  /// Such as `weak x3, bayes-aligned x4, excessive`.
  private static func sequence(_ labels: [RegimeLabel]) -> String {
    var runs: [(label: RegimeLabel, count: Int)] = []
    for label in labels {
      if runs.last?.label == label { runs[runs.count - 1].count += 1 } else { runs.append((label, 1)) }
    }
    return runs.map { $0.label.word + ($0.count > 1 ? " x\($0.count)" : "") }.joined(separator: ", ")
  }

  private func list(_ parts: [String], when condition: Bool) -> String {
    condition && !parts.isEmpty ? " (\(parts.joined(separator: "; ")))" : ""
  }

  private func percent(_ share: Double) -> String { "\(share > 0 ? "+" : "")\(fixed(finite: 100 * share, 1)) %" }
}
