/// How a mixture is fitted. Part of the cache's key: whoever changes one gets another mixture.
struct MixtureSettings: Sendable, Equatable, Codable {
  /// A class of n images gets n / imagesPerComponent components (rounded down), at least one...
  var imagesPerComponent: Int
  /// ... and at most this many.
  var maximumComponents: Int
  /// Factors per component; fewer where there are not enough images.
  var factors: Int
  /// How many of a component's factors count as the manifold's directions.
  var tangentDimension: Int
  /// Weight of the prior of every component's covariance, in images: see `CovariancePrior`. 0 for maximum likelihood.
  var priorImages: Double
  var maximumIterations = 20
  /// EM ends when an iteration gains less than this many nats per image and pixel.
  var tolerance = 2e-4
  var seed: UInt64 = 1

  func components(forImages count: Int) -> Int {
    min(maximumComponents, max(1, count / imagesPerComponent))
  }

  /// Variance of the rounding of pixels to multiples of 1/255: no direction can be known better.
  static let varianceFloor = 1 / (255.0 * 255 * 12)
}
