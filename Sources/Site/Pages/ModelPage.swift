import BenchCore
import Figures

extension Site {
  func modelView(_ member: ListedModel) -> View {
    let (entry, result) = (member.entry, member.model.result)
    let regime = member.decisive.regime
    let source = result.model.source
    let sheet = SheetPicture(beside: entry.result, in: surroundings.folder)
    let curves = ModelCurves(result)
    let section = sections[member.section]
    return [
      "name": OutsideText.whole(entry.shownName), "id": entry.id, "taskLabel": result.task.id,
      "taskAddress": "../../" + section.address,
      "beside": member.beside.map { ["sentence": OutsideText.whole($0.sentence)] } ?? false,
      "style": member.regime.style, "icon": member.regime.icon, "regime": member.regime.name,
      "verdict": ResultSummary.verdict(regime), "finding": regime.evidence.v2?.finding ?? "",
      "hasFinding": regime.evidence.v2 != nil, "rule": entry.rule,
      "facts": Self.facts(result), "authors": source?.authors.map(OutsideText.whole) ?? false,
      "paper": Self.linked(source?.paper), "url": Self.linked(source?.url),
      "training": source?.training.map(OutsideText.whole) ?? false,
      "license": source?.license.map(OutsideText.whole) ?? false,
      "quantities": Self.quantities(member),
      "sentences": regime.evidence.sentences.map { OutsideText.whole($0) },
      "isExternalRegime": entry.regimeFrom != nil && entry.regimeFrom != entry.result,
      "open": regime.evidence.v2?.open.map {
        ["condition": $0.condition.rawValue, "settledBy": OutsideText.whole($0.settledBy)]
      } ?? false,
      "missing": ResultSummary.missingSentences(result.task),
      "steps": curves.steps ?? false, "distractor": curves.distractor ?? false, "attacks": curves.attacks ?? false,
      "tables": ResultSummary.tables(result).map(Self.table),
      "sheet": sheet.map { ["address": $0.address] } ?? false,
      "sheetPlace": SheetPicture.base(beside: entry.result) + ".svg",
      "reading": Self.reading(result), "record": Self.record(result), "result": entry.result,
      "command": RepeatCommand(
        result: result, isSubmitted: !entry.isOwn && surroundings.submitted.contains(entry.id),
        needsData: surroundings.tasksWithData.contains(result.task.id)
      ).text,
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

  private static func pair(_ name: String, _ value: String) -> View { ["name": name, "value": value] }

  private static func facts(_ result: EvaluationResult) -> [View] {
    let (model, task) = (result.model, result.task)
    return [
      pair("Identifier", model.id),
      pair(
        "Network", "\(OutsideText.whole(model.architecture)), \(ResultSummary.grouped(model.parameters)) parameters"),
      pair(
        "Task",
        "\(task.id) version \(task.version): \(ResultSummary.grouped(task.dataset.images)) images of "
          + "\(OutsideText.name(task.dataset.name)) \(OutsideText.name(task.dataset.split))"),
    ]
  }

  private static func quantities(_ member: ListedModel) -> [View] {
    Quantity.allCases.compactMap { quantity in
      guard let estimate = quantity.of(member.entry), estimate.value != nil || estimate.low != nil else { return nil }
      let threshold = quantity.threshold(member.decisive.regime.evidence)
      return [
        "symbol": quantity.symbol, "words": quantity.words,
        "value": estimate.value == nil ? "" : quantity.text(estimate.value), "interval": quantity.interval(estimate),
        "bar": IntervalBar.svg(estimate, of: quantity, threshold: threshold),
        "threshold": threshold.map { ["value": significant($0, digits: 3, trimming: true)] } ?? false,
      ]
    }
  }

  private static func table(_ table: SummaryTable) -> View {
    let hasWords = table.rows.contains { $0.dropFirst().contains { $0.first?.isLetter ?? false } }
    let rows = table.rows.map { row -> View in
      // Indented there to say that it is a part of what stands above.
      let isPart = row[0].hasPrefix("  ")
      return [
        "head": OutsideText.name(row[0].trimmingPrefix(while: { $0 == " " }).description), "isPart": isPart,
        "cells": row.dropFirst().map { OutsideText.name($0) },
      ]
    }
    return [
      "title": table.title, "style": hasWords ? "left" : "",
      "header": table.header.map { ["cells": $0] as View } ?? false, "rows": rows,
      "remarks": table.remarks.map { OutsideText.whole($0) },
    ]
  }

  /// How bytes became a network.
  private static func reading(_ result: EvaluationResult) -> [View] {
    let model = result.model
    func list(_ values: [some Any]) -> String { values.map { "\($0)" }.joined(separator: ", ") }
    var rows = [pair("Read by", "\(model.plugin.id), version \(OutsideText.name(model.plugin.version))")]
    if let checkpoint = model.checkpoint {
      rows.append(
        pair(
          "File",
          "\(OutsideText.name(checkpoint.file)), \(ResultSummary.grouped(checkpoint.bytes)) bytes, \(OutsideText.name(checkpoint.format))"
        ))
    }
    if let weights = model.weights { rows.append(pair("Weights", OutsideText.name(weights))) }
    rows.append(pair("Architecture", OutsideText.whole(model.architecture)))
    rows.append(pair("Mean of pixels", list(model.preprocessing.mean)))
    rows.append(pair("Deviation of pixels", list(model.preprocessing.std)))
    if let resize = model.preprocessing.resize { rows.append(pair("Resized to", list(resize) + " (height, width)")) }
    return rows
  }

  private static func record(_ result: EvaluationResult) -> [View] {
    let (settings, provenance) = (result.measurementProtocol, result.provenance)
    var rows: [View] = []
    if let checkpoint = result.model.checkpoint { rows.append(pair("Checkpoint, SHA-256", checkpoint.sha256)) }
    rows += [
      pair("Images, SHA-256", result.task.dataset.digest), pair("Seed", "\(settings.seed)"),
      pair("Images", ResultSummary.grouped(settings.images)),
      pair("Step sizes", settings.stepSizes.map { significant($0, digits: 4, trimming: true) }.joined(separator: ", ")),
      pair("Gradient", settings.gradientTarget.rawValue), pair("Clipping", settings.clip ? "to [0, 1]" : "none"),
      pair("Rule", settings.rule), pair("Resamples", ResultSummary.grouped(settings.bootstrapResamples)),
    ]
    for metric in settings.metrics ?? [] {
      rows.append(pair("Metric \(metric.id), SHA-256", metric.learned.checkpoint.sha256))
    }
    rows.append(
      pair(
        "Made by",
        "pags-bench \(OutsideText.name(provenance.toolVersion)), \(OutsideText.name(provenance.createdAt)), "
          + "\(fixed(provenance.elapsedSeconds, 1)) s with \(provenance.host.threads) "
          + "\(provenance.host.threads == 1 ? "thread" : "threads") of \(OutsideText.name(provenance.host.cpu))"))
    if let device = provenance.device {
      rows.append(pair("Computed on", OutsideText.name("\(device.name), \(device.hardware), \(device.precision)")))
    }
    return rows
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
