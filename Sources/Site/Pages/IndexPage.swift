import BenchCore

extension Site {
  var indexView: View {
    [
      "hasTasks": !sections.isEmpty, "modelCount": ResultSummary.grouped(models.count),
      "regimes": Self.regimeLegend,
      "tasks": sections.map { section in
        let members = models[section.range]
        return [
          "label": Self.title(of: section, among: sections), "address": section.address,
          "count": ResultSummary.grouped(members.count),
          "data": members.first.map { OutsideText.within(OutsideText.name($0.model.result.task.dataset.name)) } ?? "",
          "bar": section.beside?.isJudged == false ? "" : shareBar(members),
          "beside": section.beside.map { ["sentence": OutsideText.whole($0.sentence)] } ?? false,
          "regimes": (section.beside?.isJudged == false ? [] : RegimeSign.all).map { sign in
            let counts = Self.counts(sign, members)
            return [
              "icon": sign.icon, "name": sign.name, "style": sign.style, "count": ResultSummary.grouped(counts.plain),
              "hasQualified": counts.qualified > 0, "qualified": ResultSummary.grouped(counts.qualified),
            ] as View
          },
        ] as View
      },
    ]
  }

  static var regimeLegend: [View] { RegimeSign.all.map(legend) }

  static func legend(_ sign: RegimeSign) -> View {
    ["icon": sign.icon, "name": sign.name, "style": sign.style, "meaning": sign.meaning]
  }

  /// The models of a regime: those whose label stands, and those whose label something stands against. A label that is not given has
  /// nothing to qualify.
  private static func counts(_ sign: RegimeSign, _ members: ArraySlice<ListedModel>) -> (plain: Int, qualified: Int) {
    let all = members.count { $0.entry.regime == sign.label }
    let qualified = members.count { $0.entry.regime == sign.label && $0.entry.hasReservation }
    return (all - qualified, qualified)
  }

  /// How the models are divided between the regimes, in their order, labels with a reservation paler; the counts stand beside it.
  private func shareBar(_ members: ArraySlice<ListedModel>) -> String {
    let width = 240.0
    var left = 0.0
    func part(_ count: Int, _ style: String) -> String {
      let share = Double(count) / Double(max(1, members.count)) * width
      defer { left += share }
      guard share > 0 else { return "" }
      let (x, w) = (DrawnNumber.text(left), DrawnNumber.text(max(1, share - 1)))
      return "<rect class=\"\(style)\" x=\"\(x)\" width=\"\(w)\" height=\"10\"/>"
    }
    let parts = RegimeSign.all.map { sign -> String in
      let counts = Self.counts(sign, members)
      return part(counts.plain, sign.style) + part(counts.qualified, "\(sign.style) qualified")
    }
    return
      "<svg class=\"shares\" viewBox=\"0 0 240 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\(parts.joined())</svg>"
  }
}
