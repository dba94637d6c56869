import BenchCore
import Tensor

/// What is added to the score on a counterfactual's way: towards the class, and back to the original.
struct Guidance {
  let settings: Counterfactual
  /// That which is explained, then the guide where there is one; none where no class is to be reached.
  let classifiers: [any Classifier]
  let gradients: ClassGradients
  let denoiser: ScoreDenoiser
  let originals: Tensor

  /// Below it a pixel's change along the flow is pulled back by less the smaller it is: five of 255 shades.
  static let smallChange = 0.02

  /// Those that are asked, the classifier first.
  var guides: [any Classifier] { settings.classifierWeight > 0 ? classifiers : [] }

  /// 2 / sqrt(1 + 4 sigma^2) |e| (C_c g_c / |g_c| - C_d g_d / |g_d|), for each image; a gradient of zero adds nothing.
  /// - Parameters:
  ///   - scores: at the images.
  ///   - unguided: of the flow, what the images would be denoised to at this level if nothing guided them; nil for the published distance.
  ///   - step: of the way down, which decides how copies are augmented.
  /// - Returns: nil where nothing is wanted of the images.
  func terms(
    at images: [[Double]], scores: [[Double]], unguided: [[Double]]?, noise: Double, step: Int
  ) throws -> [[Double]]? {
    let guides = guides
    let holds = settings.distanceWeight > 0
    guard !guides.isEmpty || holds else { return nil }
    let denoised = ScoreDenoiser.denoised(images, scores, noise: noise)
    var vectors = try guides.enumerated().map { index, classifier in
      try gradients.directions(of: classifier, index: index, at: denoised, noise: noise, step: step)
    }
    let pulls = holds ? unguided.map { changes(of: denoised, from: $0) } ?? signs(of: denoised) : []
    if holds { vectors.append(pulls) }
    if settings.throughDenoiser {
      vectors = try denoiser.jacobianProducts(
        of: vectors, at: images, noise: noise, shape: originals.shape.droppingFirst)
    }
    return images.indices.map { image in
      let size = 2 / (1 + 4 * noise * noise).squareRoot() * noise * scores[image].length
      let target = direction(vectors[..<guides.count].map { $0[image] })?
        .scaled(toLength: settings.classifierWeight * size)
      // As long as published where every pixel has changed; where none has there is nothing to be pulled back.
      let share = unguided == nil ? 1 : pulls[image].length / Double(pulls[image].count).squareRoot()
      let distance =
        holds ? vectors[guides.count][image].scaled(toLength: settings.distanceWeight * size * share) : nil
      return images[image].indices.map { (target?[$0] ?? 0) - (distance?[$0] ?? 0) }
    }
  }

  /// g_c of the classifiers', of any length; nil for none.
  private func direction(_ gradients: [[Double]]) -> [Double]? {
    gradients.count > 1
      ? Cone.projection(of: gradients[1], around: gradients[0], angle: settings.coneAngle) : gradients.first
  }

  /// What g_d is before the denoiser along the flow: the signs of what guidance has changed, smaller where that is little.
  private func changes(of denoised: [[Double]], from unguided: [[Double]]) -> [[Double]] {
    zip(denoised, unguided).map { now, before in
      zip(now, before).map { min(max(($0 - $1) / Self.smallChange, -1), 1) }
    }
  }

  /// What g_d is before the denoiser as published: the signs of all that differs from the original.
  private func signs(of denoised: [[Double]]) -> [[Double]] {
    denoised.enumerated().map { image, pixels in
      zip(pixels, originals.item(image)).map { now, before -> Double in
        let change = now - Double(before)
        return change > 0 ? 1 : change < 0 ? -1 : 0
      }
    }
  }
}
