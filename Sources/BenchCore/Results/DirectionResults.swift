/// Whether gradients point to the closest other class: `direction` of a result (docs/direction.md). No rule uses it.
public struct DirectionResult: Sendable, Equatable, Codable {
  public struct Alpha: Sendable, Equatable, Codable {
    /// How the way to the closest other class was found, such as `"nearest"`.
    public var estimator: String
    /// Signed cosine of it with the gradient of that class's logit less the label's, mean over images.
    public var value: Estimate

    public init(estimator: String, value: Estimate) {
      self.estimator = estimator
      self.value = value
    }
  }

  /// What |cos| of a direction without preference is in the mean.
  public var chance: Double
  public var alphaDx: [Alpha]
  /// Absolute cosine of the predicted logit's gradient with the image, in the unit below.
  public var alphaX: Estimate
  /// `"[-1, 1]"` for pixels in that range, as published; `"coordinates"` for points.
  public var unit: String
  /// The same with the image as it is, pixels in [0, 1].
  public var alphaXOfPixels: Estimate
  /// In the unit of the images; below 0 where the model is wrong.
  public var medianLinearisedDistance: Estimate
  /// Training images among which the nearest are looked for; nil without such an estimator.
  public var referenceImages: Int?
  /// Of the estimator `density`; nil without it.
  public var noise: Double?

  public init(
    chance: Double, alphaDx: [Alpha], alphaX: Estimate, unit: String, alphaXOfPixels: Estimate,
    medianLinearisedDistance: Estimate, referenceImages: Int? = nil, noise: Double? = nil
  ) {
    self.chance = chance
    self.alphaDx = alphaDx
    self.alphaX = alphaX
    self.unit = unit
    self.alphaXOfPixels = alphaXOfPixels
    self.medianLinearisedDistance = medianLinearisedDistance
    self.referenceImages = referenceImages
    self.noise = noise
  }
}

/// Whether networks learn from the coordinates that a model's gradients point to: `roar` of a result (docs/diffroar.md). No rule uses it.
public struct RoarResult: Sendable, Equatable, Codable {
  public struct Point: Sendable, Equatable, Codable {
    /// Of the coordinates that are left, in (0, 1).
    public var share: Double
    /// Test accuracy of networks trained on the coordinates with the largest gradients, on those with the smallest, and the
    /// first less the second.
    public var top: Estimate
    public var bottom: Estimate
    public var difference: Estimate

    public init(share: Double, top: Estimate, bottom: Estimate, difference: Estimate) {
      self.share = share
      self.top = top
      self.bottom = bottom
      self.difference = difference
    }
  }

  /// The networks that were trained.
  public var architecture: String
  public var objective: String
  public var epochs: Int
  public var trainImages: Int
  public var testImages: Int
  /// Trainings of each kind, with seeds from `seed` on.
  public var runs: Int
  public var seed: UInt64
  /// Test accuracy on whole images.
  public var unmasked: Estimate
  /// By rising share.
  public var points: [Point]

  public init(
    architecture: String, objective: String, epochs: Int, trainImages: Int, testImages: Int, runs: Int, seed: UInt64,
    unmasked: Estimate, points: [Point]
  ) {
    self.architecture = architecture
    self.objective = objective
    self.epochs = epochs
    self.trainImages = trainImages
    self.testImages = testImages
    self.runs = runs
    self.seed = seed
    self.unmasked = unmasked
    self.points = points
  }
}
