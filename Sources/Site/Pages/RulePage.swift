import BenchCore

extension Site {
  /// The rule with its figure, and the thresholds by which the results of each task were judged.
  var ruleView: View {
    let rows: [View] = sections.compactMap { section in
      guard let evidence = models[section.range].lazy.compactMap({ $0.decisive.regime.evidence.v2 }).first else {
        return nil
      }
      func text(_ value: Double?) -> String { significant(value, digits: 4, trimming: true) }
      return [
        "label": Self.title(of: section, among: sections), "ratio": text(evidence.robustness.threshold),
        "share": text(evidence.alignment.shareThreshold), "template": text(evidence.alignment.templateThreshold),
        "alignment": text(evidence.alignment.cosineThreshold), "density": text(evidence.signal.densityThreshold),
        "kind": evidence.signal.densityIsExact ? "exact" : "fitted",
      ]
    }
    return ["figure": RuleFigure.svg, "regimes": Self.regimeLegend, "thresholds": rows, "hasThresholds": !rows.isEmpty]
  }
}
