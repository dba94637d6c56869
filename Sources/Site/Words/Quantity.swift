import BenchCore
import Figures

/// A number with an interval that tables, comparisons and pages show, on one axis everywhere.
enum Quantity: String, CaseIterable {
  case accuracy, ratio, alignment, share, retention, accuracyRetention

  /// As the rule calls it, and in words.
  var symbol: String {
    switch self {
    case .accuracy: "Accuracy"
    case .ratio: "R"
    case .alignment: "G"
    case .share: "Share"
    case .retention: "K"
    case .accuracyRetention: "A"
    }
  }

  var words: String {
    switch self {
    case .accuracy: "share of the images that are classified rightly"
    case .ratio: "off- over on-manifold sensitivity; lower is more robust off the manifold"
    case .alignment: "cosine of the gradient with that of the classifier of the task\u{2019}s density"
    case .share: "part of the alignment that belongs to the single image"
    case .retention: "on-manifold sensitivity relative to the standard\u{2019}s (or the Bayes classifier\u{2019}s)"
    case .accuracyRetention:
      "accuracy above chance relative to the standard\u{2019}s (or the Bayes classifier\u{2019}s)"
    }
  }

  /// The same for all models, so that bars under each other can be compared; what lies beyond is drawn at its edge.
  var scale: Scale {
    switch self {
    case .accuracy, .alignment, .share: .linear(0...1)
    case .ratio: .logarithmic(0.1...10, hasZero: false)
    case .retention: .linear(0...2.5)
    case .accuracyRetention: .linear(0...1.5)
    }
  }

  /// Which end of a sorted column people ask for first.
  var isBetterWhenLow: Bool { self == .ratio }

  func text(_ value: Double?) -> String {
    switch self {
    case .accuracy, .alignment, .share: fixed(value, 3)
    case .ratio: significant(value)
    case .retention, .accuracyRetention: fixed(value, 2)
    }
  }

  func interval(_ estimate: Estimate) -> String { "[\(text(estimate.low)), \(text(estimate.high))]" }

  func of(_ entry: LeaderboardDocument.Entry) -> Estimate? {
    switch self {
    case .accuracy: entry.accuracy
    case .ratio: entry.sensitivityRatio
    case .alignment: entry.alignment
    case .share: entry.specificShare
    case .retention: entry.onManifoldRetention
    case .accuracyRetention: entry.accuracyRetention
    }
  }

  /// The number that the rule compares it with; nil where the rule of the result has none.
  func threshold(_ evidence: RegimeEvidence) -> Double? {
    guard let evidence = evidence.v2 else { return nil }
    switch self {
    case .accuracy: return evidence.classification.least
    case .ratio: return evidence.robustness.threshold
    case .alignment: return evidence.alignment.cosineThreshold
    case .share: return evidence.alignment.shareThreshold
    case .retention, .accuracyRetention: return nil
    }
  }
}
