import BenchCore
import Tensor

/// Images changed to another class by a classifier's gradient and a diffusion's score together (Augustin et al., "Diffusion Visual
/// Counterfactual Explanations", NeurIPS 2022), with any score that is known at every noise level.
///
/// An image is brought to a noise level and led down again from level to level, by the score s and two more terms:
///
///     s + 2 / sqrt(1 + 4 sigma^2) |e| (C_c g_c / |g_c| - C_d g_d / |g_d|)
///
/// where e = -sigma s is the noise that the score finds in the image, g_c the gradient of log p(target | D(x)), and g_d that of the
/// mean |D(x) - original|, both through the denoiser D; or of what guidance alone has changed (`holdsToOriginal`). The published steps are those of a variance-preserving diffusion of images in
/// [-1, 1], which adds C |e| g / |g| to its score; its x is ours times 1 / sqrt(1 + 4 sigma^2), of twice the scale, hence the factor.
package struct Counterfactual: Sendable, Equatable {
  /// How an image comes to the first noise level, and down from it.
  package enum Path: String, Sendable, CaseIterable {
    /// Noise is added, and at every step again (ancestral steps), as published: what the noise has hidden comes back as another draw
    /// of the score's distribution, whatever the classifier says.
    case noise
    /// Along the probability flow dx = -sigma s dsigma (Song et al. 2021), up and down by Heun's steps: without guidance an image comes
    /// back to itself, so that what changes is the guidance's work.
    case flow
  }

  package var path: Path
  package var steps: Int
  /// The first noise level, in pixel units.
  package var startNoise: Double
  /// C_c and C_d.
  package var classifierWeight: Double
  package var distanceWeight: Double
  /// Along the flow, whether the distance is that of D(x) from the original, as published, or from what D would be at this level without
  /// guidance. From the original D(x) is far at every level but the last, and the pull to it moves what no classifier has changed; but
  /// where the flow alone does not come back, that of a density with jumps, it is what brings the image back.
  package var holdsToOriginal: Bool
  /// Half the opening of the cone, in degrees, where a guide is given.
  package var coneAngle: Double
  /// Copies of the denoised image that the classifiers' gradients are means over; 1 for the image alone.
  package var augmentations: Int
  /// Whether gradients are taken with respect to the noisy image, through the denoiser, or as if it were the identity.
  package var throughDenoiser: Bool

  /// How many copies there may be.
  package static let augmentationBounds = 1...AugmentedCopies.limit
  /// The published number where a guide is given; without one the public code takes no copies.
  package static let publishedAugmentations = 16

  /// The published numbers, those without a guide.
  package init(
    path: Path = .noise, steps: Int = 100, startNoise: Double = NoiseSchedule.publishedStart,
    classifierWeight: Double = 0.1, distanceWeight: Double = 0.15, holdsToOriginal: Bool = true,
    coneAngle: Double = 30, augmentations: Int = 1, throughDenoiser: Bool = true
  ) {
    self.path = path
    self.steps = steps
    self.startNoise = startNoise
    self.classifierWeight = classifierWeight
    self.distanceWeight = distanceWeight
    self.holdsToOriginal = holdsToOriginal
    self.coneAngle = coneAngle
    self.augmentations = augmentations
    self.throughDenoiser = throughDenoiser
  }
}
