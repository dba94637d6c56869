/// A result in 80 columns for a terminal.
package enum ResultSummary {
  static let width = 80

  package static func text(_ result: EvaluationResult) -> String {
    let sections =
      [heading(result), references(result.task)] + tables(result).map(lines) + [regime(result), record(result)]
    return sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
  }

  /// What was measured, in the order of the summary: everything but accuracy and regime.
  package static func tables(_ result: EvaluationResult) -> [SummaryTable] {
    [sensitivity(result), robustness(result)].compactMap { $0 }
      + metrics(of: result).compactMap { alignment(result, metric: $0) }
      + [imageAlignment(result), attacks(result), direction(result), roar(result)].compactMap { $0 }
  }

  private static func lines(_ table: SummaryTable) -> [String] {
    [table.title] + self.table((table.header.map { [$0] } ?? []) + table.rows)
      + table.remarks.flatMap { wrapped($0, indent: "  - ", hanging: "    ") }
  }

  /// What follows the summary where there is something to know of the model's answers; empty where there is not.
  package static func notes(_ notes: [String]) -> String {
    guard !notes.isEmpty else { return "" }
    let lines = notes.flatMap { wrapped($0, indent: "  - ", hanging: "    ") }
    return "\n" + (["Notes"] + lines).joined(separator: "\n") + "\n"
  }

  private static func heading(_ result: EvaluationResult) -> [String] {
    let (model, task) = (result.model, result.task)
    return fields(
      [
        ("model", "\(model.id) (\(model.name))"),
        ("network", "\(model.architecture), \(grouped(model.parameters)) parameters"),
        (
          "task",
          "\(task.id) version \(task.version): \(grouped(task.dataset.images)) images of \(task.dataset.name) "
            + "\(task.dataset.split)"
        ),
      ] + (task.dataset.remark.map { [("data", "WARNING: \($0)")] } ?? []) + [
        ("accuracy", "\(withInterval(result.measurements.accuracy, 3)), 95 % interval")
      ]) + fields([("regime", verdict(result.regime))] + found(result)) + missing(result)
  }

  /// The label and how sure it is.
  package static func verdict(_ regime: RegimeVerdict) -> String {
    guard regime.isGiven else { return "NONE" }
    let leading = regime.evidence.leadingLabel
    let label = regime.label.word.uppercased()
    let confidence = "confidence \(fixed(regime.confidence, 3))"
    let withheld = regime.reservations?.first(where: \.withholdsLabel)
    if let withheld { return "\(label): no label is given (\(withheld.rawValue))" }
    if regime.label == leading {
      let found = leading == .indeterminate ? " for no single regime" : ""
      let remark = regime.reservations?.first.map { ", if right is what was assumed (\($0.rawValue))" } ?? ""
      return "\(label), \(confidence)\(found)\(remark)"
    }
    return "\(label), \(confidence) for \(leading.word)"
  }

  /// What was found and on what it hangs, under rule v2.
  package static func found(_ result: EvaluationResult) -> [(name: String, value: String)] {
    guard case .v2(let evidence) = result.regime.evidence else { return [] }
    let reference =
      result.task.density?.isExact ?? false
      ? "the exact Bayes classifier, accuracy \(fixed(evidence.signal.densityAccuracy.value, 3))"
      : "\(result.task.density?.id ?? "none"), a fitted density whose classifier has accuracy "
        + "\(fixed(evidence.signal.densityAccuracy.value, 3)) here"
        + (result.task.quality.map { ", \(fixed($0.accuracy, 3)) on \(grouped($0.images))" } ?? "")
    return [
      ("found", evidence.finding),
      ("reference", reference),
    ]
      + (evidence.open.map { [("open", "the condition on \($0.condition.rawValue); settled by \($0.settledBy)")] } ?? [])
  }

  /// What the task has not, and what is therefore not there.
  private static func missing(_ result: EvaluationResult) -> [String] {
    missingSentences(result.task).flatMap { wrapped($0, indent: "  - ", hanging: "    ") }
  }

  package static func missingSentences(_ task: TaskRecord) -> [String] {
    var lacking: [TaskCapability] = []
    if task.manifold == nil { lacking.append(.manifold) }
    if task.score == nil { lacking.append(.score) }
    if task.density == nil { lacking.append(.density) }
    return lacking.compactMap { capability in
      capability.unmeasured.map { "The task has \(capability.words): \($0) are not measured." }
    }
  }

  private static func sensitivity(_ result: EvaluationResult) -> SummaryTable? {
    guard !result.measurements.sensitivity.isEmpty else { return nil }
    let rows = result.measurements.sensitivity.map { entry in
      let ratio = entry.onManifold.value.flatMap { on in
        entry.offManifold.value.flatMap { on > 0 ? $0 / on : nil }
      }
      return [
        brief(shortened: entry.stepSize), withInterval(entry.onManifold, 3), withInterval(entry.offManifold, 3),
        fixed(ratio, 2),
      ]
    }
    return SummaryTable(
      title: "Sensitivity: how far predictions move, 0 to 2",
      header: ["step", "on the manifold", "off the manifold", "off / on"], rows: rows)
  }

  private static func robustness(_ result: EvaluationResult) -> SummaryTable? {
    guard let robustness = result.measurements.relativeRobustness else { return nil }
    return SummaryTable(
      title: "Relative off-manifold robustness: lower is more robust off the manifold",
      rows: [
        ["definition 1", withInterval(robustness.definition1.estimate, 3)],
        ["definition 2", withInterval(robustness.definition2.estimate, 3)],
        ["chance", fixed(robustness.chance, 3)],
      ])
  }

  /// One line per kind of reference: the decisive target where it is there, at the noise level where it does best.
  private static func alignment(_ result: EvaluationResult, metric: String) -> SummaryTable? {
    let (measurements, settings) = (result.measurements, result.measurementProtocol)
    let reference = measurements.bayesAlignment ?? measurements.referenceAlignment ?? []
    let decisive = reference.filter { $0.noise == settings.decisiveNoise && $0.metric == metric }
    let kinds: [(String, [AlignmentEntry])] = [
      (measurements.bayesAlignment == nil ? "fitted" : "Bayes", decisive),
      ("score", measurements.scoreAlignment.filter { $0.metric == metric }),
      ("class score", measurements.conditionalScoreAlignment.filter { $0.metric == metric }),
    ]
    let shown = kinds.map { name, entries in
      // The decisive gradient, and the paper's two.
      (
        name,
        [settings.gradientTarget, .logitPredicted, .logitSum].compactMap { target in
          entries.filter { $0.target == target }.max { ($0.value ?? -2) < ($1.value ?? -2) }
        }
      )
    }
    let rows = shown.flatMap { name, entries in
      entries.map { entry in
        let control = entry.bestControl
        return [
          name, entry.target.rawValue, brief(shortened: entry.noise), withInterval(entry.estimate, 3),
          control.map { "\(fixed($0.estimate.value, 3)) \(word(for: $0.control))" } ?? "-",
        ]
      }
    }
    guard !rows.isEmpty else { return nil }
    return SummaryTable(
      title: "Alignment of input gradients (\(metric)), beside the best control",
      header: ["with", "gradient", "noise", metric, "control"], rows: rows,
      remarks: shown.compactMap { reachingControls($1, of: metric, with: $0) })
  }

  /// What has to be said where something else in the gradient's place comes as close to the reference as the gradient does; nil
  /// where nothing does. Of several such gradients it is said of the closest. Of the cosine the regime's sentences say it.
  private static func reachingControls(
    _ entries: [AlignmentEntry], of metric: String, with reference: String
  ) -> String? {
    guard metric != EvaluationConfiguration.decisiveMetric,
      let entry = entries.filter({ !$0.reachingControls.isEmpty }).max(by: { ($0.value ?? 0) < ($1.value ?? 0) })
    else { return nil }
    let controls = entry.reachingControls.map { "\($0.control.words) (\(fixed($0.estimate.value, 3)))" }
    let list =
      controls.count > 1
      ? controls.dropLast().joined(separator: ", ") + " and " + controls[controls.count - 1] : controls[0]
    let name = reference.contains("score") ? "the \(reference)" : "the \(reference) classifier"
    return "Against \(name), \(metric) puts \(list) on a level with the gradient of \(entry.target.rawValue) "
      + "(\(fixed(entry.value, 3))) or above it: there it says nothing about the model."
  }

  /// The decisive one first, then the others as they were measured.
  private static func metrics(of result: EvaluationResult) -> [String] {
    let measurements = result.measurements
    let entries =
      measurements.scoreAlignment + (measurements.bayesAlignment ?? measurements.referenceAlignment ?? [])
    var metrics = [EvaluationConfiguration.decisiveMetric]
    for entry in entries where !metrics.contains(entry.metric) { metrics.append(entry.metric) }
    return metrics
  }

  /// What decides under rule v2, with everything that took the gradient's place.
  private static func imageAlignment(_ result: EvaluationResult) -> SummaryTable? {
    guard let alignment = result.measurements.imageAlignment else { return nil }
    let controls = alignment.controls
    let rows: [(String, Estimate)] =
      [
        ("gradient, whole", alignment.whole), ("gradient beyond what any image has", alignment.beyondImage),
        ("  of it this image's own", alignment.specific),
        ("gradient of other images, same prediction", controls.sameClass),
        ("gradient of other images, other prediction", controls.otherClass),
        ("mean gradient of the prediction", controls.template),
        ("linear model (nearest class mean)", controls.nearestMean), ("the image", controls.image),
        ("the blurred image", controls.blurredImage),
      ]
      + (result.measurements.secondImageAlignment.map {
        [
          ("gradient beyond, by the second reference", $0.beyondImage),
          ("  of it this image's own, by the second reference", $0.specific),
        ]
      } ?? [])
    return SummaryTable(
      title: "Does the gradient fit the image? Cosine with the image's reference, noise \(brief(alignment.noise))",
      header: ["in the gradient's place", "cosine"], rows: rows.map { [$0.0, withInterval($0.1, 4)] })
  }

  /// Short, so that the widest line of the table is exactly `width`.
  private static func word(for control: AlignmentControl) -> String {
    switch control {
    case .random, .image, .sobel: control.rawValue
    case .otherImage: "other"
    case .minusReference: "minus"
    case .blurredImage: "blur"
    }
  }

  private static func regime(_ result: EvaluationResult) -> [String] {
    [
      result.regime.isGiven
        ? "Why \(result.regime.label.word), by rule \(result.measurementProtocol.rule)" : "Why no regime is named"
    ]
      + result.regime.evidence.sentences.flatMap { wrapped($0, indent: "  - ", hanging: "    ") }
  }

  private static func record(_ result: EvaluationResult) -> [String] {
    var rows = [
      ("seed", "\(result.measurementProtocol.seed)"),
      ("images", result.task.dataset.digest),
    ]
    if let checkpoint = result.model.checkpoint {
      rows.append(("checkpoint", checkpoint.sha256))
      rows.append(("", "\(checkpoint.file), \(grouped(checkpoint.bytes)) bytes, \(checkpoint.format)"))
    }
    for metric in result.measurementProtocol.metrics ?? [] {
      rows.append((metric.id, metric.learned.name))
      for file in [metric.learned.checkpoint] + (metric.learned.further ?? []) {
        rows.append(("", file.sha256))
        rows.append(("", "\(file.file), \(grouped(file.bytes)) bytes, \(file.format)"))
      }
    }
    rows.append(
      (
        "made by",
        "pags-bench \(result.provenance.toolVersion), \(fixed(result.provenance.elapsedSeconds, 1)) s, "
          + "\(result.provenance.host.threads) \(result.provenance.host.threads == 1 ? "thread" : "threads")"
      ))
    if let device = result.provenance.device {
      rows.append(
        (
          "computed on",
          "\(device.name), \(device.hardware), \(device.precision)"
            + (device.imagesPerRun.map { ", \($0) images a run" } ?? "")
        ))
    }
    return ["Record (digests are SHA-256)"] + fields(rows)
  }
}
