import BenchCore
import Foundation

/// A sweep as text: one line per strength, and the checks.
package enum SweepTable {
  package static func text(_ report: SweepReport) -> String {
    let definition = report.definition
    let seeds = report.seeds
    var lines = [
      "\(ObjectiveNames.title(definition.objective)) on \(definition.task.id) (version \(definition.task.version)), "
        + "\(definition.architecture), \(seeds.count) seed\(seeds.count == 1 ? "" : "s")",
      seeds.count > 1 ? "means over seeds, +- half their range; on@ and off@: sensitivity at a step" : "one seed",
      "",
    ]
    if let standard = report.models.lazy.compactMap(\.measured?.standardModel).first {
      lines.insert("K and A relative to the models of strength 0, such as \(standard)", at: 2)
    }
    let table = rows(report)
    let widths = table[0].indices.map { column in table.map { $0[column].count }.max() ?? 0 }
    lines += table.map { row in
      let cells = zip(row, widths).map { cell, width in String(repeating: " ", count: width - cell.count) + cell }
      return cells.joined(separator: "  ")
    }
    let failed = report.models.filter { $0.status == .failed }
    if !failed.isEmpty { lines += ["", "failed"] + failed.map { "  \($0.id): \($0.failure ?? "")" } }
    if !report.checks.isEmpty { lines += ["", "Figure 3"] + report.checks.flatMap(self.lines) }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func rows(_ report: SweepReport) -> [[String]] {
    let steps = report.smallStep == report.wideStep ? [report.wideStep] : [report.smallStep, report.wideStep]
    let header =
      ["strength", "accuracy"]
      + steps.flatMap { ["on@\(significant($0, trimming: true))", "off@\(significant($0, trimming: true))"] } + [
        "off/on", "alignment", "regime",
      ]
    var rows = [header]
    if let reference = report.reference {
      let sensitivities = steps.flatMap { step -> [String] in
        let entry = reference.sensitivity.first { $0.stepSize == step }
        return [fixed(finite: entry?.onManifold.value, 3), fixed(finite: entry?.offManifold.value, 3)]
      }
      rows.append(["Bayes", fixed(finite: reference.accuracy.value, 3)] + sensitivities + ["-", "-", "-"])
    }
    for summary in report.strengths {
      let sensitivities = steps.flatMap { step -> [String] in
        let entry = summary.sensitivity(at: step)
        return [spread(entry?.onManifold), spread(entry?.offManifold)]
      }
      rows.append(
        [SweepCell.text(summary.strength), spread(summary.accuracy)] + sensitivities + [
          fixed(finite: summary.sensitivityRatio.mean, 2), spread(summary.alignment), regimes(summary.labels),
        ])
    }
    return rows
  }

  private static func spread(_ spread: StrengthSummary.Spread?) -> String {
    guard let spread, let low = spread.lowest, let high = spread.highest else { return "-" }
    return fixed(finite: spread.mean, 3) + (spread.values.count > 1 ? " +-" + fixed(finite: (high - low) / 2, 3) : "")
  }

  /// `weak` where all seeds agree, otherwise such as `2 weak, 1 bayes-aligned`.
  private static func regimes(_ labels: [RegimeLabel]) -> String {
    let counts = RegimeLabel.allCases.compactMap { label in
      let count = labels.filter { $0 == label }.count
      return count > 0 ? (label.word, count) : nil
    }
    return counts.count == 1 ? counts[0].0 : counts.map { "\($0.1) \($0.0)" }.joined(separator: ", ")
  }

  private static func lines(_ check: SweepCheck) -> [String] {
    let word =
      switch check.verdict {
      case .held: "held      "
      case .notHeld: "NOT HELD  "
      case .undecided: "undecided "
      }
    return ["  \(word)\(check.statement)", "            \(check.numbers)"]
  }
}
