/// How close a learned manifold is to the exact one of the task, as in a result file: `task.manifold.quality`. Means over the
/// images of what is taken of the principal angles at each.
public struct ManifoldQuality: Sendable, Equatable, Codable {
  /// The exact manifold's id and the dimension of its tangent spaces.
  public var exact: String
  public var exactDimension: Int
  /// Of the estimated tangent spaces: the latent dimension, but for directions that the decoder ignores.
  public var dimension: Estimate
  /// Mean, median and largest of an image's principal angles, in [0, 90].
  public var meanAngleDegrees: Estimate
  public var medianAngleDegrees: Estimate
  public var largestAngleDegrees: Estimate
  /// Share of the estimated directions that lies within the exact tangent space: the mean squared cosine, over the estimated
  /// dimension. 1 where the estimated space is a part of the exact one.
  public var withinShare: Estimate
  /// Share of the exact tangent space that the estimated one covers: the same sum over the exact dimension.
  public var coveredShare: Estimate
}

/// How close a learned score is to the exact one, as in a result file: `task.score.quality`.
public struct ScoreQuality: Sendable, Equatable, Codable {
  /// The exact score's id.
  public var exact: String
  /// In pixel units.
  public var noise: Double
  public var input: Input
  /// Mean over images of the cosine between estimated and exact score.
  public var cosine: Estimate
  /// Mean over images of the norm of their difference over the exact score's norm.
  public var relativeError: Estimate

  /// Where both are taken.
  public enum Input: String, Sendable, Codable, CaseIterable {
    /// At the images, where gradients are compared with scores.
    case clean
    /// At the images with Gaussian noise of the score's own level, which is what the denoiser was trained on.
    case noised
  }
}
