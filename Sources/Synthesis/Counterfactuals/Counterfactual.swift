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
/// mean |D(x) - original|, both through the denoiser D. The published steps are those of a variance-preserving diffusion of images in
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
  /// Half the opening of the cone, in degrees, where a guide is given.
  package var coneAngle: Double
  /// Whether gradients are taken with respect to the noisy image, through the denoiser, or as if it were the identity.
  package var throughDenoiser: Bool

  /// The published numbers.
  package init(
    path: Path = .noise, steps: Int = 100, startNoise: Double = NoiseSchedule.publishedStart,
    classifierWeight: Double = 0.1, distanceWeight: Double = 0.15, coneAngle: Double = 30, throughDenoiser: Bool = true
  ) {
    self.path = path
    self.steps = steps
    self.startNoise = startNoise
    self.classifierWeight = classifierWeight
    self.distanceWeight = distanceWeight
    self.coneAngle = coneAngle
    self.throughDenoiser = throughDenoiser
  }

  /// - Parameters:
  ///   - guide: a robust classifier, whose gradient is brought into the cone around the classifier's own; nil for none.
  ///   - originals: `[N, C, H, W]`, at `places` in their set: noise is a function of seed, place and step alone.
  ///   - range: the result is clipped to it.
  /// - Returns: the denoised images of the last level, `[N, C, H, W]`.
  /// - Throws: `EvaluationError`, `SynthesisError.nonFiniteScore`, the errors of classifiers and score, and what
  ///   `checkCancellation` throws.
  package func run(
    _ classifier: any Classifier, guide: (any Classifier)? = nil, score: any Score, from originals: Tensor,
    towards targets: [Int], range: ClosedRange<Float>?, places: [Int], seed: UInt64,
    checkCancellation: () throws -> Void = {}
  ) throws -> Tensor {
    let shape = originals.shape.droppingFirst
    let denoiser = ScoreDenoiser(score: score, places: places)
    let guidance = Guidance(
      settings: self, classifiers: [classifier] + (guide.map { [$0] } ?? []), denoiser: denoiser, originals: originals,
      targets: targets, places: places)
    let levels = NoiseSchedule.levels(from: startNoise, count: steps)
    let random = RandomStream(seed: seed, name: "counterfactual")
    let pixels = originals.stride
    var images = (0..<originals.batch).map { originals.item($0).map(Double.init) }
    switch path {
    case .noise:
      for (image, place) in places.enumerated() {
        for (pixel, normal) in random.normals(item: place, count: pixels).enumerated() {
          images[image][pixel] += levels[0] * normal
        }
      }
    case .flow:
      for (level, next) in zip(levels.reversed(), levels.reversed().dropFirst()) {
        try checkCancellation()
        images = try flow(images, from: level, to: next, denoiser, shape) { _, _, _ in nil }
      }
    }
    for (step, level) in levels.enumerated() {
      try checkCancellation()
      let scores = try denoiser.scores(at: images, noise: level, shape: shape)
      guard step + 1 < levels.count else {
        images = zip(images, scores).map { image, score in zip(image, score).map { $0 + level * level * $1 } }
        break
      }
      let next = levels[step + 1]
      switch path {
      case .noise:
        let added = try guidance.terms(at: images, scores: scores, noise: level)
        let variance = next * next * (level * level - next * next) / (level * level)
        let kept = next * next / (level * level)
        for (image, place) in places.enumerated() {
          let normals = random.normals(item: place, positions: (step + 1) * pixels..<(step + 2) * pixels)
          for pixel in 0..<pixels {
            let denoised = images[image][pixel] + level * level * scores[image][pixel]
            images[image][pixel] =
              denoised + kept * (images[image][pixel] - denoised) + variance * (added?[image][pixel] ?? 0)
              + variance.squareRoot() * normals[pixel]
          }
        }
      case .flow:
        images = try flow(images, from: level, to: next, denoiser, shape, scores: scores) {
          try guidance.terms(at: $0, scores: $1, noise: $2)
        }
      }
    }
    return Tensor(
      shape: originals.shape,
      scalars: images.flatMap { image in
        image.map { value in range.map { min(max(Float(value), $0.lowerBound), $0.upperBound) } ?? Float(value) }
      })
  }

  /// One step of Heun's along the flow, up or down; what is added to the score is that at its beginning.
  private func flow(
    _ images: [[Double]], from level: Double, to next: Double, _ denoiser: ScoreDenoiser, _ shape: Shape,
    scores: [[Double]]? = nil, _ added: ([[Double]], [[Double]], Double) throws -> [[Double]]?
  ) throws -> [[Double]] {
    let first = try scores ?? denoiser.scores(at: images, noise: level, shape: shape)
    let added = try added(images, first, level)
    let step = level - next
    func moved(_ image: Int, _ slope: (Int) -> Double) -> [Double] {
      images[image].indices.map { images[image][$0] + step * slope($0) }
    }
    let reached = images.indices.map { image in
      moved(image) { level * (first[image][$0] + (added?[image][$0] ?? 0)) }
    }
    let second = try denoiser.scores(at: reached, noise: next, shape: shape)
    return images.indices.map { image in
      moved(image) { pixel in
        0.5 * (level * first[image][pixel] + next * second[image][pixel])
          + 0.5 * (level + next) * (added?[image][pixel] ?? 0)
      }
    }
  }
}
