/// How the size of a perturbation is measured, in pixel units of one image.
public enum AttackNorm: String, Sendable, Codable {
  /// The largest change of a pixel.
  case linf
  /// The root of the sum of squared changes.
  case l2
  /// Images are moved, not changed pixel by pixel: the size is of the movement (docs/attacks.md).
  case spatial
}

/// What one attack found of one model: an entry of `robustness` in a result and in the output of `attack`.
///
/// Not used by any regime rule. docs/attacks.md defines every number.
public struct RobustnessEntry: Sendable, Equatable, Codable {
  public var attack: AttackRecord
  public var norm: AttackNorm
  /// Of everything that is random.
  public var seed: UInt64
  /// `ImageSet.digest` of the images that were attacked, with their labels.
  public var imagesDigest: String
  /// Lowest and highest value of a pixel of an attacked image; absent where pixels were not clipped.
  public var clip: [Double]?
  public var search: RadiusSearchRecord
  /// The smallest radius found for each image, in order: 0 where the image itself is misclassified, null where the largest radius of
  /// the search does not suffice.
  public var radii: [Double?]
  /// How many images are null there.
  public var censored: Int
  /// The median of `radii`, null where it lies beyond the largest radius; `epsilon_50`.
  public var medianRadius: Estimate
  public var robustAccuracy: [RobustAccuracy]
  /// Grid and formula of the paper on directions, where it has some for this task; nil otherwise.
  public var published: PublishedMedian?
  /// Nil where it was not checked.
  public var masking: MaskingResult?

  public init(
    attack: AttackRecord, norm: AttackNorm, seed: UInt64, imagesDigest: String, clip: [Double]?,
    search: RadiusSearchRecord, radii: [Double?], medianRadius: Estimate, robustAccuracy: [RobustAccuracy],
    published: PublishedMedian? = nil, masking: MaskingResult? = nil
  ) {
    self.attack = attack
    self.norm = norm
    self.seed = seed
    self.imagesDigest = imagesDigest
    self.clip = clip
    self.search = search
    self.radii = radii
    censored = radii.count { $0 == nil }
    self.medianRadius = medianRadius
    self.robustAccuracy = robustAccuracy
    self.published = published
    self.masking = masking
  }
}

/// Which attack, and what it was given. Counts that an attack does not have are absent.
public struct AttackRecord: Sendable, Equatable, Codable {
  /// Such as `"pgd-l2"`.
  public var id: String
  /// Raised whenever the attack may find other images.
  public var version: Int
  /// Gradients taken of each image in each run.
  public var steps: Int?
  /// Runs of each loss or target.
  public var restarts: Int?
  /// Forward passes of each image, of attacks without gradients.
  public var queries: Int?
  /// Other classes aimed at, of targeted attacks: at most so many.
  public var targets: Int?
  public var losses: [String]?

  public init(
    id: String, version: Int = 1, steps: Int? = nil, restarts: Int? = nil, queries: Int? = nil, targets: Int? = nil,
    losses: [String]? = nil
  ) {
    self.id = id
    self.version = version
    self.steps = steps
    self.restarts = restarts
    self.queries = queries
    self.targets = targets
    self.losses = losses
  }
}

extension AttackRecord {
  /// What there is by name, with what it is measured in; the module `Attacks` makes them.
  package static let norms: [String: AttackNorm] = {
    var norms: [String: AttackNorm] = ["cw-l2": .l2, "spatial-rotation": .spatial, "spatial-flow": .spatial]
    for norm in [AttackNorm.linf, .l2] {
      for name in ["pgd", "apgd-ce", "apgd-t", "fab-t", "square", "autoattack"] {
        norms["\(name)-\(norm.rawValue)"] = norm
      }
    }
    return norms
  }()
}

/// How the smallest radius was looked for.
public struct RadiusSearchRecord: Sendable, Equatable, Codable {
  public enum Kind: String, Sendable, Codable {
    /// Along the grid, then by bisection.
    case bisection
    /// Along the grid alone: a radius is the size of what was found there, an upper bound.
    case grid
    /// By the attack itself, which minimises the size.
    case minimal
  }

  public var kind: Kind
  /// Ascending; the last one is the largest radius that was tried.
  public var grid: [Double]
  /// Of the bisection, relative.
  public var tolerance: Double?

  public init(kind: Kind, grid: [Double], tolerance: Double? = nil) {
    self.kind = kind
    self.grid = grid
    self.tolerance = tolerance
  }
}

/// The share of images that are classified rightly and were not changed within a radius so that they are not.
public struct RobustAccuracy: Sendable, Equatable, Codable {
  public var radius: Double
  /// As it is customarily written, such as `"8/255"`; absent where there is no such way.
  public var name: String?
  public var accuracy: Estimate

  public init(radius: Double, name: String? = nil, accuracy: Estimate) {
    self.radius = radius
    self.name = name
    self.accuracy = accuracy
  }
}

/// The median robustness as the paper on directions computes it: linear interpolation of the error along a fixed grid.
public struct PublishedMedian: Sendable, Equatable, Codable {
  /// Of the grid and the value: `"[-1, 1]"` for pixels in that range, `"coordinates"` for points.
  public var unit: String
  public var grid: [Double]
  /// Without perturbation, then for each radius of the grid.
  public var errors: [Double]
  /// min(0.5, last error - 0.01).
  public var threshold: Double
  public var value: Double?
  /// Whether the threshold is 0.5: otherwise the value is a lower quantile than the median.
  public var isMedian: Bool

  public init(
    unit: String, grid: [Double], errors: [Double], threshold: Double, value: Double?, isMedian: Bool
  ) {
    self.unit = unit
    self.grid = grid
    self.errors = errors
    self.threshold = threshold
    self.value = value
    self.isMedian = isMedian
  }
}

/// Whether the gradients of a model can be trusted to lead an attack.
public struct MaskingResult: Sendable, Equatable, Codable {
  /// Within which the attacks were compared.
  public var radius: Double
  public var checks: [MaskingCheck]
  /// Whether any check speaks of masking.
  public var isSuspected: Bool
  /// In a sentence.
  public var verdict: String

  public init(radius: Double, checks: [MaskingCheck], isSuspected: Bool, verdict: String) {
    self.radius = radius
    self.checks = checks
    self.isSuspected = isSuspected
    self.verdict = verdict
  }
}

public struct MaskingCheck: Sendable, Equatable, Codable {
  public enum Kind: String, Sendable, Codable, CaseIterable {
    case queriesBeatGradients = "queries-beat-gradients"
    case moreStepsHelp = "more-steps-help"
    case zeroGradients = "zero-gradients"
    case largeRadius = "large-radius"
    case oneStepBeatsMany = "one-step-beats-many"
    case randomNoise = "random-noise"
  }

  public var kind: Kind
  /// How many images speak of masking, and of how many.
  public var images: Int
  public var of: Int
  public var isSuspicious: Bool
  public var sentence: String

  public init(kind: Kind, images: Int, of: Int, isSuspicious: Bool, sentence: String) {
    self.kind = kind
    self.images = images
    self.of = of
    self.isSuspicious = isSuspicious
    self.sentence = sentence
  }
}

extension MaskingCheck {
  /// More than this share of the images is suspicious; one image always may be chance.
  package static let tolerated = 0.01

  package static func isSuspicious(_ images: Int, of all: Int) -> Bool {
    images > 1 && Double(images) > tolerated * Double(all)
  }
}
