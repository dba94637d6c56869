/// Everything measured of a model, as in a result file. What each number means: docs/measurements.md.
public struct Measurements: Sendable, Equatable, Codable {
  public var accuracy: Estimate
  /// Empty where the task has no manifold, and the next is then nil.
  public var sensitivity: [SensitivityEntry]
  public var relativeRobustness: RelativeRobustnessResult?
  /// Empty where the task has no score.
  public var scoreAlignment: [AlignmentEntry]
  /// Empty where the task has no density, and the following are then nil.
  public var conditionalScoreAlignment: [AlignmentEntry]
  /// With the Bayes-optimal classifier, where the task knows it; otherwise `referenceAlignment` is there.
  public var bayesAlignment: [AlignmentEntry]?
  /// With the classifier of a density that was fitted to training images.
  public var referenceAlignment: [AlignmentEntry]?
  /// What of the decisive alignment belongs to the image (`ImageAlignment`); absent from results of rule v1.
  public var imageAlignment: ImageAlignmentResult?
  /// The same with a second reference, where one was given.
  public var secondImageAlignment: ImageAlignmentResult?
  /// Where the task knows which pixels carry the label.
  public var distractor: [DistractorEntry]?
}

public struct SensitivityEntry: Sendable, Equatable, Codable {
  /// L2 length of the step, in pixel units.
  public var stepSize: Double
  public var onManifold: Estimate
  public var offManifold: Estimate
}

public struct RelativeRobustnessResult: Sendable, Equatable, Codable {
  public var definition1: Definition1
  public var definition2: Definition2
  /// (d - k) / d: both definitions for a classifier whose gradient is a random direction.
  public var chance: Double

  public struct Definition1: Sendable, Equatable, Codable {
    /// How the two expectations are estimated (`RelativeRobustness`).
    public enum Estimator: String, Sendable, Codable {
      /// By the means over draws and images.
      case plain
      /// With the response of the linear part as a control variate.
      case controlVariate = "control-variate"
    }

    /// sigma of the perturbation, in pixel units.
    public var noise: Double
    /// Perturbations per image.
    public var draws: Int
    public var estimator: Estimator
    public var value: Double?
    public var low: Double?
    public var high: Double?

    init(noise: Double, draws: Int, estimator: Estimator, estimate: Estimate) {
      self.noise = noise
      self.draws = draws
      self.estimator = estimator
      (value, low, high) = (estimate.value, estimate.low, estimate.high)
    }

    enum CodingKeys: String, CodingKey { case noise, draws, estimator, value, low, high }

    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(noise, forKey: .noise)
      try container.encode(draws, forKey: .draws)
      try container.encode(estimator, forKey: .estimator)
      try estimate.encode(into: &container, value: .value, low: .low, high: .high)
    }

    public var estimate: Estimate { Estimate(value: value, low: low, high: high) }
  }

  public struct Definition2: Sendable, Equatable, Codable {
    public var value: Double?
    public var low: Double?
    public var high: Double?
    public var undefinedImages: Int?
    /// Mean off-manifold gradient energy over mean gradient energy: what definition 1 tends to (theorem 3.1).
    public var pooled: Estimate

    init(estimate: Estimate, pooled: Estimate) {
      (value, low, high) = (estimate.value, estimate.low, estimate.high)
      undefinedImages = estimate.undefinedImages
      self.pooled = pooled
    }

    enum CodingKeys: String, CodingKey { case value, low, high, undefinedImages, pooled }

    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try estimate.encode(into: &container, value: .value, low: .low, high: .high)
      try container.encodeIfPresent(undefinedImages, forKey: .undefinedImages)
      try container.encode(pooled, forKey: .pooled)
    }

    public var estimate: Estimate {
      Estimate(value: value, low: low, high: high, undefinedImages: undefinedImages)
    }
  }
}

public struct AlignmentEntry: Sendable, Equatable, Codable {
  public var target: GradientTarget
  /// An `AlignmentMetric`'s id.
  public var metric: String
  /// sigma of the score, or of the reference classifier's smoothing, in pixel units.
  public var noise: Double
  public var value: Double?
  public var low: Double?
  public var high: Double?
  public var undefinedImages: Int?
  public var controls: Controls

  /// The same number with something else in the gradient's place.
  public struct Controls: Sendable, Equatable, Codable {
    public var random: Estimate
    public var image: Estimate
    public var sobel: Estimate
    public var otherImage: Estimate
    /// Beside every metric but the cosine; absent from results of before.
    public var minusReference: Estimate?
    public var blurredImage: Estimate?

    /// In the order of the file.
    public var all: [(control: AlignmentControl, estimate: Estimate)] {
      let optional: [(AlignmentControl, Estimate?)] = [
        (.minusReference, minusReference), (.blurredImage, blurredImage),
      ]
      return [(.random, random), (.image, image), (.sobel, sobel), (.otherImage, otherImage)]
        + optional.compactMap { control, estimate in estimate.map { (control, $0) } }
    }
  }

  init(target: GradientTarget, metric: String, noise: Double, estimate: Estimate, controls: Controls) {
    self.target = target
    self.metric = metric
    self.noise = noise
    (value, low, high) = (estimate.value, estimate.low, estimate.high)
    undefinedImages = estimate.undefinedImages
    self.controls = controls
  }

  enum CodingKeys: String, CodingKey {
    case target, metric, noise, value, low, high, undefinedImages, controls
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(target, forKey: .target)
    try container.encode(metric, forKey: .metric)
    try container.encode(noise, forKey: .noise)
    try estimate.encode(into: &container, value: .value, low: .low, high: .high)
    try container.encodeIfPresent(undefinedImages, forKey: .undefinedImages)
    try container.encode(controls, forKey: .controls)
  }

  public var estimate: Estimate {
    Estimate(value: value, low: low, high: high, undefinedImages: undefinedImages)
  }

  /// The control that comes closest to the reference; nil where none is defined.
  public var bestControl: (control: AlignmentControl, estimate: Estimate)? {
    controls.all.filter { $0.estimate.value != nil }
      .max { ($0.estimate.value ?? 0) < ($1.estimate.value ?? 0) }
  }

  /// The controls that come at least as close to the reference as the gradient does, the closest first: where there are any, the
  /// entry says nothing about the model.
  public var reachingControls: [(control: AlignmentControl, estimate: Estimate)] {
    guard let value else { return [] }
    return controls.all.filter { $0.estimate.value.map { $0 >= value } ?? false }
      .sorted { ($0.estimate.value ?? 0) > ($1.estimate.value ?? 0) }
  }
}

/// How well the gradient fits its own image's reference, beyond what any image and any image of its class has.
public struct ImageAlignmentResult: Sendable, Equatable, Codable {
  public var target: GradientTarget
  public var metric: String
  public var noise: Double
  /// G, of the gradient at calibrated temperature.
  public var whole: Estimate
  /// After the image, the blurred image and the channels' constants are removed from both.
  public var beyondImage: Estimate
  /// How much of that the gradients at other images with the same prediction do not have.
  public var specific: Estimate
  public var controls: Controls

  /// The same with something else in the gradient's place: all partners, not one, so that no order of images matters.
  public struct Controls: Sendable, Equatable, Codable {
    public var sameClass: Estimate
    public var otherClass: Estimate
    /// The mean gradient of the other images with the same prediction.
    public var template: Estimate
    /// A linear classifier: the nearest class mean.
    public var nearestMean: Estimate
    /// These two with nothing removed.
    public var image: Estimate
    public var blurredImage: Estimate

    /// In the order of the file.
    public var all: [(name: String, estimate: Estimate)] {
      [
        ("sameClass", sameClass), ("otherClass", otherClass), ("template", template), ("nearestMean", nearestMean),
        ("image", image), ("blurredImage", blurredImage),
      ]
    }
  }

  /// - Parameters:
  ///   - noise: of the reference.
  ///   - column: what a column about this reference is called.
  init(
    from means: ResampledMeans, _ decisive: AlignmentColumns, noise: Double, column: (String) -> String = { $0 }
  ) {
    func mean(_ name: String) -> Estimate { means.mean(column(name)) }
    func control(_ control: ImageAlignment.Control) -> Estimate { mean(ImageAlignment.column(control)) }
    (target, metric, self.noise) = (decisive.target, decisive.metric, noise)
    whole = mean(ImageAlignment.whole)
    beyondImage = mean(ImageAlignment.cosine)
    specific = mean(ImageAlignment.specific)
    controls = Controls(
      sameClass: control(.sameClass), otherClass: control(.otherClass), template: control(.template),
      nearestMean: control(.nearestMean), image: control(.image), blurredImage: control(.blurredImage))
  }
}

public struct DistractorEntry: Sendable, Equatable, Codable {
  /// sigma of the noise, in pixel units.
  public var noise: Double
  public var signal: Estimate
  public var distractor: Estimate
  /// Mean change under noise on the signal over mean change under noise on the distractor.
  public var relativeNoiseRobustness: Estimate
}
