import BenchCore

/// How a regime is shown everywhere: a word, a shape and a colour, so that none of them has to be seen.
struct RegimeSign {
  /// Nil where the rule is not applied.
  let label: RegimeLabel?

  init(_ label: RegimeLabel) { self.label = label }

  private init() { label = nil }

  static let none = RegimeSign()

  /// In the order of the leaderboard.
  static let all = [RegimeLabel.bayesAligned, .weak, .excessive, .indeterminate].map(RegimeSign.init)

  var name: String {
    switch label {
    case .bayesAligned: "Bayes-aligned"
    case .weak: "weak"
    case .excessive: "excessive"
    case .indeterminate: RegimeLabel.indeterminate.word
    case nil: "no regime"
    }
  }

  /// What it means, in half a sentence.
  var meaning: String {
    switch label {
    case .bayesAligned:
      "robust off the manifold, sensitive on it: gradients point where the Bayes-optimal classifier\u{2019}s do"
    case .weak:
      "off-manifold perturbations move predictions as much as on-manifold ones, or gradients do not fit the image"
    case .excessive: "robust on the manifold too: signal is lost"
    case .indeterminate: "the evidence leaves more than one regime open, or the model does not classify"
    case nil: "the task has no rule: what it measures is another question"
    }
  }

  /// Of the style sheet.
  var style: String {
    switch label {
    case .bayesAligned: "aligned"
    case .weak: "weak"
    case .excessive: "excessive"
    case .indeterminate, nil: "undecided"
    }
  }

  /// Place in the order of the leaderboard.
  var rank: Int { Self.all.firstIndex { $0.label == label } ?? Self.all.count }

  /// Path data of the sign around a point, relative to it, all shapes of about the same area: circle, square, triangle, diamond, bar.
  /// - Parameter size: half of its height, in user units.
  func path(size: Double) -> String {
    func text(_ factor: Double) -> String { DrawnNumber.text(factor * size) }
    switch label {
    case .bayesAligned:
      let arc = "a\(text(1)) \(text(1)) 0 1 0 "
      return "m\(text(-1)) 0\(arc)\(text(2)) 0\(arc)\(text(-2)) 0z"
    case .weak: return "m\(text(-0.9)) \(text(-0.9))h\(text(1.8))v\(text(1.8))h\(text(-1.8))z"
    case .excessive: return "m0 \(text(-1.25))l\(text(1.2)) \(text(2.1))h\(text(-2.4))z"
    case .indeterminate:
      let (step, back) = (text(1.25), text(-1.25))
      return "m0 \(back)l\(step) \(step)l\(back) \(step)l\(back) \(back)z"
    case nil: return "m\(text(-1.2)) \(text(-0.4))h\(text(2.4))v\(text(0.8))h\(text(-2.4))z"
    }
  }

  /// Before a word, as large as its letters.
  var icon: String {
    "<svg class=\"sign \(style)\" viewBox=\"-7 -7 14 14\" aria-hidden=\"true\"><path d=\"M0 0\(path(size: 4.6))\"/></svg>"
  }
}
