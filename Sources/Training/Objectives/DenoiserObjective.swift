import Graph

/// Denoising score matching at one noise level (Vincent 2011): mean squared error of the noise that the network finds in an
/// image, in units of its standard deviation,
///
///     L = mean over images and pixels of (F(x + sigma n) - n)^2,   n ~ N(0, I)
///
/// which is 1 for a network that finds nothing, whatever sigma is. The noise is drawn anew for every image and epoch.
package struct DenoiserObjective: Objective {
  package static let id = "denoising"
  package static let summary = "mean squared error of the noise (--noise) found in an image; has no strength"

  private let noise: Double

  package init(_ configuration: ObjectiveConfiguration) { noise = configuration.noise }

  package func build(_ network: inout TrainingGraph) throws -> ObjectiveValue {
    // The same name gives the same numbers as in the noisy images.
    let found = try network.apply(to: network.noisyImages(noise))
    let drawn = network.noise("images", .normal, like: network.images)
    return ObjectiveValue(loss: try network.meanSquare(network.graph.subtract(found, drawn)))
  }
}
