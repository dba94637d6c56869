import BenchCore
import Figures

/// Figure 3 from the reports of sweeps, one column each.
package enum Figure3Drawing {
  /// What the title of every such figure ends with.
  package static let subject = Figure3.subject

  /// - Parameter sweeps: with their folders' names, for messages.
  /// - Returns: nil where no model is complete.
  /// - Throws: `SweepError.notComparable` for sweeps with other steps or references.
  package static func figure(_ sweeps: [(folder: String, report: SweepReport)]) throws(SweepError) -> Figure? {
    let drawable = sweeps.filter { !$0.report.strengths.isEmpty }
    guard let first = drawable.first else { return nil }
    for other in drawable.dropFirst() {
      func check(_ name: String, _ value: (SweepReport) -> some Equatable) throws(SweepError) {
        let (a, b) = (value(first.report), value(other.report))
        guard a == b else {
          throw .notComparable(first: first.folder, second: other.folder, difference: "\(name) is \(a) and \(b)")
        }
      }
      try check("the step", \.wideStep)
      try check("the smoothing of the reference classifier", \.alignmentNoise)
      try check("whether that classifier is Bayes-optimal", \.referenceIsExact)
    }
    let severalTasks = Set(drawable.map { "\($0.report.definition.task.id)" }).count > 1
    return Figure3(
      columns: drawable.map { column($0.report, showsTask: severalTasks) }, stepSize: first.report.wideStep,
      alignmentReference: first.report.referenceIsExact ? "Bayes classifier" : "fitted reference",
      seeds: drawable.map { $0.report.seeds.count }.max() ?? 1
    ).figure
  }

  private static func column(_ report: SweepReport, showsTask: Bool) -> Figure3.Column {
    let step = report.wideStep
    let objective = report.definition.objective
    return Figure3.Column(
      title: ObjectiveNames.title(objective) + (showsTask ? ", \(report.definition.task.id)" : ""),
      strengthLabel: ObjectiveNames.strength(objective),
      groups: report.strengths.map { summary in
        let sensitivity = summary.sensitivity(at: step)
        return Figure3.Group(
          strength: summary.strength, onManifold: sensitivity?.onManifold.values ?? [],
          offManifold: sensitivity?.offManifold.values ?? [], accuracy: summary.accuracy.values,
          alignment: summary.alignment.values, regime: regime(summary.label))
      },
      bayesOnManifold: report.reference?.sensitivity.first { $0.stepSize == step }?.onManifold.value,
      bayesAccuracy: report.reference?.accuracy.value)
  }

  private static func regime(_ label: RegimeLabel) -> Figure3.Regime {
    switch label {
    case .weak: .weak
    case .bayesAligned: .bayesAligned
    case .excessive: .excessive
    case .indeterminate: .indeterminate
    }
  }
}
