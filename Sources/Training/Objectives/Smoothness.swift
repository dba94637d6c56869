import Graph

/// Smoothness penalty (the paper, B.1): outputs may not change under noise of a fixed level,
///
///     L = mean_i l_i + strength * mean_i |f(x_i) - f(x_i + n_i)|^2,   n_i ~ N(0, noise^2)
///
/// Both applications are in training mode, each batch with its own statistics.
package struct Smoothness: Objective {
  package static let id = "smoothness"
  package static let summary =
    "penalises how far noise (--noise) moves the outputs; the strength is the penalty's factor"

  private let strength: Double
  private let noise: Double

  package init(_ configuration: ObjectiveConfiguration) {
    strength = configuration.strength
    noise = configuration.noise
  }

  package func build(_ network: inout TrainingGraph) throws -> ObjectiveValue {
    let logits = try network.apply(to: network.images)
    let noisy = try network.apply(to: network.noisyImages(noise))
    let penalty = try network.perImage(network.squaredNorm(network.graph.subtract(logits, noisy)))
    return ObjectiveValue(
      loss: try network.add(penalty, times: strength, to: network.crossEntropy(logits)), logits: logits)
  }
}

extension TrainingGraph {
  /// The images with independent normal noise of standard deviation `level`.
  package mutating func noisyImages(_ level: Double) throws -> Graph.Value {
    let noise = noise("images", .normal, like: images)
    return try graph.add(images, graph.multiply(noise, graph.constant(Float(level))))
  }
}
