extension ResultSummary {
  /// One line per attack; what speaks against its numbers below.
  static func attacks(_ result: EvaluationResult) -> SummaryTable? {
    guard let robustness = result.robustness, let first = robustness.first else { return nil }
    let rows = robustness.map { entry in
      let robust = entry.robustAccuracy.first
      return [
        entry.attack.id, robust?.name ?? significant(robust?.radius, digits: 4, trimming: true),
        robust.map { withInterval($0.accuracy, 3) } ?? "-", entry.medianInterval,
      ]
    }
    return SummaryTable(
      title:
        "Attacks on the first \(grouped(first.radii.count)) images: upper bounds, in pixel units; no rule uses them",
      header: ["attack", "within", "robust accuracy", "median radius"], rows: rows,
      remarks: robustness.compactMap { entry in
        entry.masking.flatMap { $0.isSuspected ? "\(entry.attack.id): \($0.verdict)" : nil }
      })
  }
}

extension RobustnessEntry {
  /// `0.0243 [0.0219, 0.0272]`, or beyond which radius the median lies.
  fileprivate var medianInterval: String {
    func size(_ value: Double?) -> String { significant(value, trimming: true) }
    guard medianRadius.value != nil else { return "> \(size(search.grid.last))" }
    return "\(size(medianRadius.value)) [\(size(medianRadius.low)), \(size(medianRadius.high))]"
  }
}
