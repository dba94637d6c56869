/// How a mixture is fitted. Part of the cache's key: whoever changes one gets another mixture.
package struct MixtureSettings: Sendable, Equatable, Codable {
  /// A class of n images gets n / imagesPerComponent components (rounded down), at least one...
  package var imagesPerComponent: Int
  /// ... and at most this many.
  package var maximumComponents: Int
  /// Factors per component; fewer where there are not enough images.
  package var factors: Int
  /// How many of a component's factors count as the manifold's directions.
  package var tangentDimension: Int
  /// Weight of the prior of every component's covariance, in images: see `CovariancePrior`. 0 for maximum likelihood.
  package var priorImages: Double
  package var maximumIterations: Int
  /// EM ends when an iteration gains less than this many nats per image and pixel.
  package var tolerance: Double
  package var seed: UInt64

  package init(
    imagesPerComponent: Int, maximumComponents: Int, factors: Int, tangentDimension: Int, priorImages: Double,
    maximumIterations: Int = 20, tolerance: Double = 2e-4, seed: UInt64 = 1
  ) {
    self.imagesPerComponent = imagesPerComponent
    self.maximumComponents = maximumComponents
    self.factors = factors
    self.tangentDimension = tangentDimension
    self.priorImages = priorImages
    self.maximumIterations = maximumIterations
    self.tolerance = tolerance
    self.seed = seed
  }

  func components(forImages count: Int) -> Int {
    min(maximumComponents, max(1, count / imagesPerComponent))
  }

  /// Variance of the rounding of pixels to multiples of 1/255: no direction can be known better.
  static let varianceFloor = 1 / (255.0 * 255 * 12)
}
