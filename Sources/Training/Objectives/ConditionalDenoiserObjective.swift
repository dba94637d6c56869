import Graph
import Tensor

/// Denoising score matching for every class by itself and for all images together: the mean squared error of the noise found
/// for the image's own class, plus that of the noise found for an image of unknown class (the null class of Ho and Salimans
/// 2022, here an output of its own instead of labels left out at random),
///
///     L = mean over images and pixels of (F(x + sigma n)_y - n)^2 + (F(x + sigma n)_null - n)^2,   n ~ N(0, I)
///
/// The difference of the two outputs is the gradient of log p_sigma(y | x), up to a factor.
package struct ConditionalDenoiserObjective: Objective {
  package static let id = "conditional-denoising"
  package static let summary =
    "mean squared error of the noise (--noise) found for the image's class and for any; has no strength"

  private let noise: Double

  package init(_ configuration: ObjectiveConfiguration) { noise = configuration.noise }

  package func build(_ network: inout TrainingGraph) throws -> ObjectiveValue {
    let (batch, outputs) = (network.batch, network.classCount + 1)
    let pixels = network.network.inputShape.count
    // The same name gives the same numbers as in the noisy images.
    let found = try network.apply(to: network.noisyImages(noise))
    let drawn = network.noise("images", .normal, like: network.images)
    let errors = try network.graph.subtract(
      network.graph.reshape(found, to: [batch, outputs, pixels]),
      network.graph.reshape(drawn, to: [batch, 1, pixels]))
    let squares = try network.graph.mean(network.graph.multiply(errors, errors), axes: [2])
    let labels = network.labels()
    let ones = network.graph.constant(Tensor(shape: [batch, 1], scalars: [Float](repeating: 1, count: batch)))
    let counted = try network.graph.concatenate([labels, ones], axis: 1)
    let own = try network.graph.multiply(network.graph.reshape(squares, to: [batch, outputs]), counted)
    return ObjectiveValue(
      loss: try network.perImage(network.graph.reshape(network.graph.sum(own, axes: [0, 1]), to: [])))
  }
}
