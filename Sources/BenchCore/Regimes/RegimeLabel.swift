/// What kind of robustness a classifier has (the paper, section 4.1 and figure 3).
public enum RegimeLabel: String, Sendable, Codable, CaseIterable {
  /// Off-manifold directions move predictions as much as on-manifold ones, or the gradient is not aligned.
  case weak
  /// Robust off the manifold, with gradients like the Bayes-optimal classifier's.
  case bayesAligned = "bayes-aligned"
  /// Robust at the cost of the signal: on-manifold sensitivity or accuracy has collapsed.
  case excessive
  /// The images do not decide, or the model is broken or untrained.
  case indeterminate

  /// As people read it everywhere: `undecided` for what results spell `indeterminate`.
  public var word: String { self == .indeterminate ? "undecided" : rawValue }

  /// In the order of the leaderboard.
  static let ranked: [RegimeLabel] = [.bayesAligned, .weak, .excessive, .indeterminate]
}
