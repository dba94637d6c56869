import BenchCore
import Figures

extension Site {
  func modelView(_ member: ListedModel) -> View {
    let (entry, result) = (member.entry, member.model.result)
    let regime = member.decisive.regime
    let source = result.model.source
    let sheet = SheetPicture(beside: entry.result, in: surroundings.folder, among: sheets)
    let curves = ModelCurves(result)
    let section = sections[member.section]
    return [
      "name": OutsideText.heading(entry.shownName), "id": entry.id, "taskLabel": result.task.id,
      "taskAddress": "../../" + section.address,
      "beside": member.beside.map { ["sentence": OutsideText.whole($0.sentence)] } ?? false,
      "style": member.regime.style, "icon": member.regime.icon, "regime": member.regime.name,
      "verdict": ResultSummary.verdict(regime), "finding": regime.evidence.v2?.finding ?? "",
      "hasFinding": regime.evidence.v2 != nil, "rule": entry.rule,
      "facts": Self.facts(result, name: entry.shownName), "authors": source?.authors.map(OutsideText.whole) ?? false,
      "paper": Self.linked(source?.paper), "url": Self.linked(source?.url),
      "training": source?.training.map(OutsideText.whole) ?? false,
      "license": source?.license.map(OutsideText.whole) ?? false,
      "quantities": Self.quantities(member),
      "sentences": regime.evidence.sentences.map { Markup.item(OutsideText.whole($0)) }.joined(),
      "isExternalRegime": entry.regimeFrom != nil && entry.regimeFrom != entry.result,
      "open": regime.evidence.v2?.open.map {
        ["condition": $0.condition.rawValue, "settledBy": OutsideText.whole($0.settledBy)]
      } ?? false,
      "missing": ResultSummary.missingSentences(result.task),
      "steps": curves.steps ?? false, "distractor": curves.distractor ?? false, "attacks": curves.attacks ?? false,
      "tables": ResultSummary.tables(result).map(Self.table).joined(),
      "sheet": sheet.map { ["address": $0.address] } ?? false,
      "sheetPlace": SheetPicture.base(beside: entry.result) + ".svg",
      "reading": Self.reading(result), "record": Self.record(result), "result": entry.result,
      "command": Markup.command(
        RepeatCommand(
          result: result, isSubmitted: !entry.isOwn && surroundings.submitted.contains(entry.id),
          needsData: surroundings.tasksWithData.contains(result.task.id)
        ).text),
      "evaluations": Self.evaluations(entry), "hasEvaluations": entry.evaluations != nil,
      "bibtex": BibTeX.entry(result.model),
    ]
  }

  /// Words, and a link where the text is an address.
  private static func linked(_ text: String?) -> Any {
    guard let text else { return false }
    return ["words": OutsideText.whole(text), "link": OutsideText.link(text).map { ["href": $0] } ?? false]
      as View
  }

  private static func facts(_ result: EvaluationResult, name: String) -> String {
    let (model, task) = (result.model, result.task)
    func inText(_ text: String) -> String { OutsideText.within(OutsideText.name(text)) }
    let whole = OutsideText.whole(name)
    return Markup.facts(
      // Where the heading has not all of it.
      (whole == OutsideText.heading(name) ? [] : [("Name", whole)]) + [
        ("Identifier", model.id),
        (
          "Network",
          "\(OutsideText.within(OutsideText.whole(model.architecture))), "
            + "\(ResultSummary.grouped(model.parameters)) parameters"
        ),
        (
          "Task",
          "\(task.id) version \(task.version): \(ResultSummary.grouped(task.dataset.images)) images of "
            + "\(inText(task.dataset.name)) \(inText(task.dataset.split))"
        ),
      ])
  }

  private static func quantities(_ member: ListedModel) -> String {
    Quantity.allCases.map { quantity in
      guard let estimate = quantity.of(member.entry), estimate.value != nil || estimate.low != nil else { return "" }
      let threshold = quantity.threshold(member.decisive.regime.evidence)
      let value = estimate.value == nil ? "" : quantity.text(estimate.value)
      let tick =
        threshold.map { "; the tick is the rule&rsquo;s threshold, \(significant($0, digits: 3, trimming: true))" }
        ?? ""
      return "<li><h3>\(quantity.symbol)</h3><p class=\"big\">\(value) \(Markup.small(quantity.interval(estimate)))</p>"
        + IntervalBar.svg(estimate, of: quantity, threshold: threshold)
        + "<p class=\"quiet\">\(XMLText.escaped(quantity.words))\(tick)</p></li>\n"
    }.joined()
  }

  private static func table(_ table: SummaryTable) -> String {
    let hasWords = table.rows.contains { $0.dropFirst().contains { $0.first?.isLetter ?? false } }
    let rows = table.rows.map { row in
      // Indented there to say that it is a part of what stands above.
      Markup.row(
        OutsideText.name(String(row[0].drop { $0 == " " })), isPart: row[0].hasPrefix("  "),
        row.dropFirst().map { OutsideText.name($0) })
    }.joined()
    return Markup.table(
      table.title, style: hasWords ? "left" : "", header: table.header.map(Markup.header) ?? "", rows: rows,
      remarks: table.remarks.map(OutsideText.whole))
  }

  /// How bytes became a network.
  private static func reading(_ result: EvaluationResult) -> String {
    let model = result.model
    func list(_ values: [some Any]) -> String { values.map { "\($0)" }.joined(separator: ", ") }
    var rows = [("Read by", "\(model.plugin.id), version \(OutsideText.name(model.plugin.version))")]
    if let checkpoint = model.checkpoint {
      rows.append(
        (
          "File",
          "\(OutsideText.within(OutsideText.name(checkpoint.file))), \(ResultSummary.grouped(checkpoint.bytes)) bytes, "
            + OutsideText.within(OutsideText.name(checkpoint.format))
        ))
    }
    if let weights = model.weights { rows.append(("Weights", OutsideText.name(weights))) }
    rows.append(("Architecture", OutsideText.whole(model.architecture)))
    rows.append(("Mean of pixels", list(model.preprocessing.mean)))
    rows.append(("Deviation of pixels", list(model.preprocessing.std)))
    if let resize = model.preprocessing.resize { rows.append(("Resized to", list(resize) + " (height, width)")) }
    return Markup.facts(rows)
  }

  private static func record(_ result: EvaluationResult) -> String {
    let (settings, provenance) = (result.measurementProtocol, result.provenance)
    var rows: [(String, String)] = []
    if let checkpoint = result.model.checkpoint { rows.append(("Checkpoint, SHA-256", checkpoint.sha256)) }
    rows += [
      ("Images, SHA-256", result.task.dataset.digest), ("Seed", "\(settings.seed)"),
      ("Images", ResultSummary.grouped(settings.images)),
      ("Step sizes", settings.stepSizes.map { significant($0, digits: 4, trimming: true) }.joined(separator: ", ")),
      ("Gradient", settings.gradientTarget.rawValue), ("Clipping", settings.clip ? "to [0, 1]" : "none"),
      ("Rule", settings.rule), ("Resamples", ResultSummary.grouped(settings.bootstrapResamples)),
    ]
    for metric in settings.metrics ?? [] {
      rows.append(("Metric \(metric.id), SHA-256", metric.learned.checkpoint.sha256))
    }
    rows.append(
      (
        "Made by",
        "pags-bench \(OutsideText.name(provenance.toolVersion)), \(OutsideText.name(provenance.createdAt)), "
          + "\(fixed(provenance.elapsedSeconds, 1)) s with \(provenance.host.threads) "
          + "\(provenance.host.threads == 1 ? "thread" : "threads") of \(OutsideText.name(provenance.host.cpu))"
      ))
    if let device = provenance.device {
      rows.append(("Computed on", OutsideText.name("\(device.name), \(device.hardware), \(device.precision)")))
    }
    return Markup.facts(rows)
  }

  private static func evaluations(_ entry: LeaderboardDocument.Entry) -> [View] {
    (entry.evaluations ?? []).map { evaluation in
      let sign = RegimeSign(evaluation.regime)
      return [
        "evaluator": evaluation.evaluator.map(OutsideText.whole) ?? "submitted",
        "link": OutsideText.link(evaluation.url).map { ["href": $0] } ?? false,
        "note": evaluation.note.map(OutsideText.whole) ?? "", "icon": sign.icon, "style": sign.style,
        "regime": sign.name,
        "accuracy": withInterval(evaluation.accuracy, 3), "confidence": fixed(evaluation.confidence, 3),
        "result": evaluation.result, "isAccuracy": evaluation.result == entry.accuracyFrom,
        "isRegime": evaluation.result == entry.regimeFrom,
      ]
    }
  }
}
