/// The numbers that rule v2 looked at, and what it made of them. Rates are shares of the bootstrap resamples, in [0, 1].
public struct RegimeEvidenceV2: Sendable, Equatable, Codable {
  public var leadingLabel: RegimeLabel
  public var shares: RegimeShares
  public var classification: Classification
  public var robustness: Robustness
  public var signal: Signal
  public var alignment: Alignment
  /// What keeps the label open; nil where it is decided.
  public var open: Open?
  /// The same in words.
  public var sentences: [String]

  /// Step 1.
  public struct Classification: Sendable, Equatable, Codable {
    public var accuracy: Estimate
    /// 1 over the number of classes.
    public var chance: Double
    /// What accuracy must exceed.
    public var least: Double
    /// The factor on the logits at which they are calibrated; nil where they say nothing of the labels.
    public var temperatureScale: Double?
    public var holdsIn: Double
  }

  /// Step 2: R, at calibrated temperature.
  public struct Robustness: Sendable, Equatable, Codable {
    public var step: Double
    public var onManifold: Double
    public var offManifold: Double
    public var ratio: Estimate
    /// Below it: robust off the manifold.
    public var threshold: Double
    public var holdsIn: Double
  }

  /// Step 3.
  public struct Signal: Sendable, Equatable, Codable {
    public var step: Double
    /// On-manifold sensitivity at calibrated temperature.
    public var onManifold: Estimate
    /// Accuracy of the classifier of the task's density on the same images.
    public var densityAccuracy: Estimate
    public var densityIsExact: Bool
    /// D.
    public var densityRetention: Estimate
    public var densityThreshold: Double
    /// K against the exact Bayes classifier, where it is known.
    public var densitySensitivityRetention: Estimate?
    /// Nil where the density is exact, or no standard is known.
    public var standard: Standard?
    /// A and K; without a value but with bounds, where the standard is a range.
    public var accuracyRetention: Estimate?
    public var onManifoldRetention: Estimate?
    /// Against all that may be the standard.
    public var keptIn: Double
    public var lostIn: Double
  }

  /// What A and K are relative to.
  public struct Standard: Sendable, Equatable, Codable {
    public var source: Source
    public var models: [String]
    public var sha256: String?
    public var accuracy: Estimate
    public var onManifold: Estimate

    public enum Source: String, Sendable, Codable {
      /// The model's standard twin, on the same images.
      case measured
      /// The standard twin's result on the leaderboard.
      case stated
      /// The range of the task's recorded standard networks.
      case recorded
    }
  }

  /// Step 4.
  public struct Alignment: Sendable, Equatable, Codable {
    public var target: GradientTarget
    public var metric: String
    public var noise: Double
    /// G, of the gradient at calibrated temperature.
    public var cosine: Estimate
    public var cosineThreshold: Double?
    /// The same after what every image has is removed from both.
    public var beyondImage: Estimate
    /// How much of that other images with the same prediction do not have.
    public var specific: Estimate
    public var share: Estimate
    /// At or above it: aligned.
    public var shareThreshold: Double
    /// Below it: not aligned. Between the two the share tells neither.
    public var templateThreshold: Double
    /// Where the model's standard was given.
    public var besideStandard: BesideStandard?
    /// Where a second reference was given.
    public var second: SecondAlignment?
    public var holdsIn: Double
    public var failsIn: Double

    /// Whether the share lies where standard and robust networks of the task are alike.
    var shareTellsNeither: Bool { share.value.map { $0 >= templateThreshold && $0 < shareThreshold } ?? false }
  }

  /// The model beside its standard: decides where the share tells neither.
  public struct BesideStandard: Sendable, Equatable, Codable {
    /// `Alignment.specific` of the standard.
    public var standardSpecific: Estimate
    /// The model's over the standard's; without a value but with bounds, where the standard's is a range. So `relativeRatio`.
    public var specificGain: Estimate
    /// R of the standard.
    public var standardRatio: Estimate
    /// R of the model over the standard's.
    public var relativeRatio: Estimate
    /// Aligned where `specificGain` is at least this and `relativeRatio` at most `robustThreshold`.
    public var alignedThreshold: Double
    public var robustThreshold: Double
    /// Like its standard where both are within this factor.
    public var likeness: Double
  }

  /// What a second reference says of step 4.
  public struct SecondAlignment: Sendable, Equatable, Codable {
    public var id: String
    /// Of its own classifier on the images measured.
    public var accuracy: Estimate
    public var decides: Decides
    public var beyondImage: Estimate
    public var specific: Estimate
    public var share: Estimate
    public var holdsIn: Double
    public var failsIn: Double
    /// Where the task's density says otherwise.
    public var disagreesIn: Double

    /// Whose answer counts.
    public enum Decides: String, Sendable, Codable {
      /// They are of comparable quality: only what both say.
      case both
      /// The task's density, which is exact or classifies far better.
      case density
      /// The second reference, which classifies far better.
      case second
    }
  }

  /// The condition that keeps the label open, and what would settle it.
  public struct Open: Sendable, Equatable, Codable {
    public var condition: Condition
    public var settledBy: String
  }

  public enum Condition: String, Sendable, Codable {
    case classification, robustness, signal, alignment
  }

  /// The first condition, in the order of the rule, whose answers differ between resamples or standards.
  func openCondition(labels shares: RegimeShares) -> Open? {
    let isDecided = shares[shares.leading] >= RegimeRule.requiredConfidence
    guard !isDecided || shares.leading == .indeterminate else { return nil }
    func isOpen(_ rate: Double) -> Bool {
      rate < RegimeRule.requiredConfidence && rate > 1 - RegimeRule.requiredConfidence
    }
    let moreImages = "more images (--images)"
    if classification.holdsIn < RegimeRule.requiredConfidence {
      let isBroken = classification.holdsIn <= 1 - RegimeRule.requiredConfidence
      return Open(
        condition: .classification,
        settledBy: isBroken
          ? "a model that classifies: check labels, their order, the images and the normalisation" : moreImages)
    }
    if robustness.onManifold == 0, robustness.offManifold == 0 {
      return Open(condition: .robustness, settledBy: "a model that responds to its images")
    }
    if isOpen(robustness.holdsIn) { return Open(condition: .robustness, settledBy: moreImages) }
    let isSignalOpen =
      signal.keptIn < RegimeRule.requiredConfidence && signal.lostIn < RegimeRule.requiredConfidence
    if isSignalOpen {
      let hasTwin = signal.densityIsExact || signal.standard?.source == .measured
      return Open(
        condition: .signal,
        settledBy: hasTwin
          ? moreImages
          : "the same network trained without a robustness objective (--standard FILE; `pags-bench twin` makes one)")
    }
    if let second = alignment.second, second.decides == .both, second.disagreesIn > 0.5 {
      return Open(
        condition: .alignment,
        settledBy: "a better reference: the task's density and \(second.id), which classify about as well, disagree")
    }
    let twin =
      signal.densityIsExact
      ? ""
      : alignment.besideStandard == nil
        ? "the same network trained without a robustness objective (--standard FILE; `pags-bench twin` makes one), or "
        : "a standard twin trained on as much data as the model, or "
    return Open(
      condition: .alignment,
      settledBy: alignment.shareTellsNeither
        ? "\(twin)a better reference (more training images); the share lies where standard and robust networks of this task are "
          + "alike"
        : signal.densityIsExact ? moreImages : "\(moreImages) or a better reference (more training images)")
  }
}
