/// The numbers that rule v1 looked at, and what it made of them.
public struct RegimeEvidenceV1: Sendable, Equatable, Codable {
  /// The label of most resamples, whether or not there were enough of them.
  public var leadingLabel: RegimeLabel
  public var shares: RegimeShares
  public var sensitivityRatio: SensitivityRatio
  public var onManifoldRetention: OnManifoldRetention
  public var accuracyRetention: AccuracyRetention
  public var alignment: Alignment
  /// The same in words.
  public var sentences: [String]

  /// R, at the wide step.
  public struct SensitivityRatio: Sendable, Equatable, Codable {
    public var step: Double
    public var onManifold: Double
    public var offManifold: Double
    /// Off-manifold over on-manifold.
    public var ratio: Estimate
    /// At or above it: weak.
    public var threshold: Double
  }

  /// Where a reference number comes from.
  public enum ReferenceSource: String, Sendable, Codable {
    /// The exact Bayes classifier, measured on the same images.
    case bayesClassifier = "bayes-classifier"
    /// The task's recorded calibration.
    case recorded
    /// `claims.standardAccuracy` of the model's description.
    case claim
    case unknown
  }

  /// K, at the small step.
  public struct OnManifoldRetention: Sendable, Equatable, Codable {
    public var step: Double
    public var onManifold: Double
    public var source: ReferenceSource
    public var reference: Double?
    public var referenceModels: [String]?
    /// Nil where it is unknown, or the reference does not respond.
    public var ratio: Estimate?
    /// Below it: collapsed.
    public var threshold: Double
    public var used: Bool
  }

  /// A.
  public struct AccuracyRetention: Sendable, Equatable, Codable {
    public var accuracy: Double
    public var source: ReferenceSource
    public var reference: Double?
    public var ratio: Estimate?
    public var brokenThreshold: Double
    public var lostThreshold: Double
    public var used: Bool
  }

  /// G.
  public struct Alignment: Sendable, Equatable, Codable {
    public var target: GradientTarget
    public var metric: String
    public var noise: Double
    public var cosine: Estimate
    public var gate: Gate
    /// Of the value over all images; nil where no gradient is defined.
    public var passed: Bool?
  }

  public struct Gate: Sendable, Equatable, Codable {
    public var kind: Kind
    /// What G, or for a relative gate its lower bound, must reach or exceed.
    public var value: Double?
    /// The control with the highest upper bound.
    public var control: AlignmentControl?

    public enum Kind: String, Sendable, Codable {
      case absolute, relative
    }
  }
}
