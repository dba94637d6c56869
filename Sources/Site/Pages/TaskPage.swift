import BenchCore
import Figures

extension Site {
  /// So many rows are there from the start; the rest are kept as text where a script can take them from, and as a second table for
  /// readers without scripts.
  static let firstRows = 100

  func taskView(_ section: TaskSection) -> View {
    let members = models[section.range]
    let columns = TaskColumn.all(for: members)
    let rows = members.map { row($0, columns) }
    var data = ScriptData()
    for member in members {
      data.append(columns.map { value($0, member) } + [.text(reservations(member)), .text(member.key)])
    }
    let plane = plane(members)
    let isJudged = section.beside?.isJudged ?? true
    let (missing, beyond) = plane.counts
    return [
      "label": Self.title(of: section, among: sections), "id": section.id, "version": section.version,
      "count": ResultSummary.grouped(members.count), "isOne": members.count == 1,
      "facts": members.first.map { facts($0.model.result) } ?? [],
      "regimes": isJudged ? Self.regimeLegend : [Self.legend(.none)],
      "hasReservations": members.contains { !reservations($0).isEmpty }, "plane": plane.svg, "hasPlane": isJudged,
      "beside": (section.beside.map { ["sentence": OutsideText.whole($0.sentence)] } ?? false) as Any,
      "hasMissing": missing > 0, "missing": missing, "hasBeyond": beyond > 0, "beyond": beyond,
      "hasLinks": plane.areLinks,
      "columns": columns.map { column in
        [
          "key": column.key, "label": column.label, "words": column.words ?? "", "hasWords": column.words != nil,
          // What a button does is for its title alone.
          "hasMeaning": column.words != nil && column.key != "regime",
          "style": column.style, "kind": column.isNumeric ? "number" : "text",
          "first": column.risesFirst ? "ascending" : "descending",
        ] as View
      },
      "rows": rows.prefix(Self.firstRows).joined(separator: "\n"),
      "hasMore": rows.count > Self.firstRows, "more": rows.dropFirst(Self.firstRows).joined(separator: "\n"),
      "keys": "[" + (columns.map(\.key) + ["reservations", "id"]).map(ScriptData.quoted).joined(separator: ",") + "]",
      "data": data.text,
    ]
  }

  private func facts(_ result: EvaluationResult) -> [View] {
    let task = result.task
    func inText(_ text: String) -> String { OutsideText.within(OutsideText.name(text)) }
    var facts: [(String, String)] = [("data", "\(inText(task.dataset.name)) (\(inText(task.dataset.split)))")]
    if let manifold = task.manifold {
      facts.append(("manifold", "\(manifold.id), dimension \(ResultSummary.grouped(manifold.dimension))"))
    }
    if let density = task.density {
      facts.append(("density", "\(density.id), \(density.isExact ? "exact" : "fitted")"))
    }
    return facts.map { ["name": $0.0, "value": $0.1] }
  }

  private func plane(_ members: ArraySlice<ListedModel>) -> RegimePlane {
    func common(_ quantity: Quantity) -> Double? {
      let all = Set(members.map { quantity.threshold($0.decisive.regime.evidence) })
      return all.count == 1 ? all.first ?? nil : nil
    }
    return RegimePlane(
      spots: members.map {
        .init(
          name: $0.entry.shownName, regime: $0.regime, ratio: $0.entry.sensitivityRatio, alignment: $0.entry.alignment,
          address: "../\($0.address)", hasReservation: $0.entry.hasReservation)
      }, thresholds: (common(.ratio), common(.alignment)))
  }

  // MARK: Rows

  /// One line of the page: the script takes rows apart at line breaks, which no name can hold.
  private func row(_ member: ListedModel, _ columns: [TaskColumn]) -> String {
    let entry = member.entry
    let row = templates.row.render([
      "key": member.key, "id": entry.id, "name": OutsideText.name(entry.shownName), "address": "../\(member.address)",
      "cells": columns.dropFirst().map { "<td class=\"\($0.style)\">\(cell($0, member))</td>" }.joined(),
    ])
    return row.utf8.contains(UInt8(ascii: "\n")) ? row.replacing("\n", with: "") : row
  }

  /// A dash where there is nothing.
  private func cell(_ column: TaskColumn, _ member: ListedModel) -> String {
    func cell(_ estimate: Estimate?, _ bar: (Estimate) -> String, _ text: (Double?) -> String) -> String {
      guard let estimate, estimate.value != nil || estimate.low != nil else { return Self.nothing }
      return (estimate.value == nil ? "" : text(estimate.value)) + bar(estimate)
        + Markup.small("[\(text(estimate.low)), \(text(estimate.high))]")
    }
    let source = member.model.result.model.source
    switch column.content {
    case .model: return ""
    case .regime:
      return Markup.regime(member.regime) + (member.beside?.isJudged == false ? "" : Markup.small(confidence(member)))
    case .quantity(let quantity):
      let threshold = quantity.threshold(member.decisive.regime.evidence)
      return cell(
        quantity.of(member.entry), { IntervalBar.svg($0, of: quantity, threshold: threshold) }, quantity.text)
    case .estimate(let value, let text, let scale):
      return cell(value(member.entry), { IntervalBar.svg($0, scale: scale) }, text)
    case .parameters: return ResultSummary.grouped(member.entry.parameters)
    case .text(let value): return Markup.words(value(member.model.result).map(OutsideText.name) ?? Self.nothing)
    case .paper:
      let link = OutsideText.link(source?.paper) ?? OutsideText.link(source?.url)
      let words = source?.paper.map(OutsideText.name) ?? (link == nil ? Self.nothing : "source")
      return link.map { Markup.link($0, words) } ?? Markup.words(words)
    }
  }

  /// In a cell's place.
  private static let nothing = "\u{2013}"

  private func confidence(_ member: ListedModel) -> String {
    let regime = member.decisive.regime
    let leading = regime.evidence.leadingLabel
    let share =
      if regime.label != .indeterminate {
        "confidence \(fixed(regime.confidence, 3))"
      } else if (regime.reservations ?? []).contains(where: \.withholdsLabel) {
        "label withheld"
      } else {
        "\(fixed(regime.confidence, 3)) for "
          + (leading == .indeterminate ? "no single regime" : RegimeSign(leading).name)
      }
    let remarks = reservations(member)
    return remarks.isEmpty ? share : "\(share) (\(remarks))"
  }

  /// What stands against the label, by the names that tables and results have for it; empty where nothing does.
  private func reservations(_ member: ListedModel) -> String {
    (member.beside?.isJudged == false ? [] : member.entry.reservations ?? []).map(\.rawValue).joined(separator: ", ")
  }

  private func value(_ column: TaskColumn, _ member: ListedModel) -> ScriptData.Value {
    switch column.content {
    case .model: .text(OutsideText.name(member.entry.shownName))
    case .regime: .text(member.regime.name)
    case .quantity(let quantity): .number(quantity.of(member.entry)?.value)
    case .estimate(let value, _, _): .number(value(member.entry)?.value)
    case .parameters: .number(Double(member.entry.parameters))
    case .text(let value): .text(value(member.model.result).map(OutsideText.name) ?? "")
    case .paper: .text(member.model.result.model.source?.paper.map(OutsideText.name) ?? "")
    }
  }
}
