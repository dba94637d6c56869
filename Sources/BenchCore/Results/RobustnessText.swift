/// What was found by an attack, for a terminal.
package enum RobustnessText {
  package static func lines(_ entry: RobustnessEntry) -> [String] {
    var rows = [("attack", heading(entry)), ("clipping", clipping(entry))]
    for robust in entry.robustAccuracy {
      rows.append(
        (
          rows.contains { $0.0 == "robust" } ? "" : "robust",
          "accuracy \(withInterval(robust.accuracy, 3)) within \(robust.name ?? size(robust.radius)), 95 % interval"
        ))
    }
    rows.append(("epsilon_50", median(entry)))
    let wrong = entry.radii.count { $0 == 0 }
    rows.append(
      (
        "radii",
        "\(wrong) of \(entry.radii.count) images are misclassified as they are (radius 0), \(entry.censored) stand within "
          + "\(size(entry.search.grid.last)) (no radius)"
      ))
    if let published = entry.published { rows.append(("published", words(published))) }
    if let masking = entry.masking {
      rows.append(("masking", "\(masking.verdict) (within \(size(masking.radius)))"))
      for check in masking.checks { rows.append(("", (check.isSuspicious ? "! " : "- ") + check.sentence)) }
    }
    return ResultSummary.fields(rows.map { (name: $0.0, value: $0.1) })
  }

  private static func heading(_ entry: RobustnessEntry) -> String {
    let attack = entry.attack
    let parts = [
      attack.steps.map { "\($0) steps" }, attack.queries.map { "\(ResultSummary.grouped($0)) queries" },
      attack.targets.map { "\($0) targets at most" }, attack.restarts.map { "\($0) \($0 == 1 ? "run" : "runs")" },
      attack.losses.map { "of \($0.joined(separator: " and "))" },
    ]
    return ([attack.id] + parts.compactMap { $0 }).joined(separator: ", ")
  }

  private static func clipping(_ entry: RobustnessEntry) -> String {
    entry.clip.map { "to pixels in [\($0.map { size($0) }.joined(separator: ", "))]" } ?? "none"
  }

  private static func median(_ entry: RobustnessEntry) -> String {
    guard entry.medianRadius.value != nil else {
      return "beyond \(size(entry.search.grid.last)): half of the images or more stand within the largest radius"
    }
    let estimate = entry.medianRadius
    let kind = entry.search.kind == .grid ? ", an upper bound: along the grid alone" : ""
    return
      "\(size(estimate.value)) [\(size(estimate.low)), \(size(estimate.high))], \(entry.norm.rawValue) in pixel units\(kind)"
  }

  private static func words(_ published: PublishedMedian) -> String {
    guard let value = published.value else {
      return "no radius of the published grid brings the error to its threshold"
    }
    let unit = published.unit == ImageUnit.pixels.publishedName ? "images in \(published.unit)" : published.unit
    return "\(size(value)) in units of \(unit), by the direction paper's grid and formula"
      + (published.isMedian ? "" : "; no median: threshold \(size(published.threshold))")
  }

  private static func size(_ value: Double?) -> String { significant(value, digits: 4, trimming: true) }
}
