import Graph

/// Training on noisy images (the paper, B.1; Cohen et al. 2019): the cross-entropy at x + n, n ~ N(0, strength^2).
package struct RandomizedSmoothing: Objective {
  package static let id = "randomized-smoothing"
  package static let summary = "trains on noisy images; the strength is the noise's standard deviation in pixel units"

  private let strength: Double

  package init(_ configuration: ObjectiveConfiguration) { strength = configuration.strength }

  package func build(_ network: inout TrainingGraph) throws -> ObjectiveValue {
    let logits = try network.apply(to: network.noisyImages(strength))
    return ObjectiveValue(loss: try network.crossEntropy(logits), logits: logits)
  }
}
