import Figures

/// What objectives and their strengths are called in tables and figures.
enum ObjectiveNames {
  private static let known: [String: (title: String, strength: RichText)] = [
    "cross-entropy": ("Cross-entropy", "Strength (no effect)"),
    "gradient-norm": ("Gradient norm", "Regularisation constant " + .italic("λ")),
    "smoothness": ("Smoothness penalty", "Regularisation constant " + .italic("λ")),
    "randomized-smoothing": ("Randomised smoothing", "Noise " + .italic("σ") + " (pixel units)"),
    "pgd-l2": ("Adversarial training, L2 PGD", "Radius " + .italic("ε") + " (L2, pixel units)"),
    "pgd-linf": ("Adversarial training, L∞ PGD", "Radius " + .italic("ε") + " (L∞, pixel units)"),
    "alignment": ("Alignment penalty", "Regularisation constant " + .italic("λ")),
  ]

  static func title(_ objective: String) -> String { known[objective]?.title ?? objective }

  static func strength(_ objective: String) -> RichText { known[objective]?.strength ?? "Strength" }
}
