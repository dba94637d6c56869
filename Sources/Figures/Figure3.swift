/// Figure 3 of the paper (Srinivas, Bordt, Lakkaraju, NeurIPS 2023): against the strength of a robustness objective, above
/// how far predictions move under steps on and off the manifold, below accuracy and gradient alignment, with the regimes
/// shaded. One column per sweep.
package struct Figure3: Sendable {
  /// What the figure's title ends with.
  package static let subject = "sensitivity, accuracy and alignment against strength"

  package enum Regime: String, Sendable, CaseIterable {
    case weak, bayesAligned, excessive, indeterminate

    package var name: String {
      switch self {
      case .weak: "weak"
      case .bayesAligned: "Bayes-aligned"
      case .excessive: "excessive"
      case .indeterminate: "undecided"
      }
    }

    /// From the longest to the shortest.
    var names: [String] { self == .bayesAligned ? [name, "aligned"] : [name] }

    var shade: Shade {
      switch self {
      case .weak: Shade(tint: Colour(238, 238, 238), hatching: .rising, ink: .grey(214))
      case .bayesAligned: Shade(tint: .paper, hatching: .none)
      case .excessive: Shade(tint: Colour(218, 218, 218), hatching: .falling, ink: .grey(196))
      case .indeterminate: Shade(tint: .paper, hatching: .dots, ink: .grey(170))
      }
    }
  }

  /// All models of one strength.
  package struct Group: Sendable {
    /// At least 0.
    package var strength: Double
    /// One number per seed: mean L1 change of the softmax, in [0, 2].
    package var onManifold: [Double]
    package var offManifold: [Double]
    /// In [0, 1].
    package var accuracy: [Double]
    /// Mean cosines; empty where none is defined.
    package var alignment: [Double]
    package var regime: Regime

    package init(
      strength: Double, onManifold: [Double], offManifold: [Double], accuracy: [Double], alignment: [Double],
      regime: Regime
    ) {
      self.strength = strength
      self.onManifold = onManifold
      self.offManifold = offManifold
      self.accuracy = accuracy
      self.alignment = alignment
      self.regime = regime
    }
  }

  package struct Column: Sendable {
    package var title: String
    /// Name and unit of the strength.
    package var strengthLabel: RichText
    /// In the order of strength.
    package var groups: [Group]
    /// The Bayes classifier's on-manifold sensitivity and accuracy, where it is known.
    package var bayesOnManifold: Double?
    package var bayesAccuracy: Double?

    package init(
      title: String, strengthLabel: RichText, groups: [Group], bayesOnManifold: Double?, bayesAccuracy: Double?
    ) {
      self.title = title
      self.strengthLabel = strengthLabel
      self.groups = groups.sorted { $0.strength < $1.strength }
      self.bayesOnManifold = bayesOnManifold
      self.bayesAccuracy = bayesAccuracy
    }
  }

  package var columns: [Column]
  /// L2 length of the steps, in pixel units.
  package var stepSize: Double
  /// What the gradient is compared with, such as "Bayes classifier".
  package var alignmentReference: String
  package var seeds: Int

  package init(columns: [Column], stepSize: Double, alignmentReference: String, seeds: Int) {
    self.columns = columns
    self.stepSize = stepSize
    self.alignmentReference = alignmentReference
    self.seeds = seeds
  }
}
