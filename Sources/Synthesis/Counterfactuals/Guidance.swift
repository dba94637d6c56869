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

  /// 2 / sqrt(1 + 4 sigma^2) |e| (C_c g_c / |g_c| - C_d g_d / |g_d|), for each image; a gradient of zero adds nothing.
  /// - Parameters:
  ///   - scores: at the images.
  ///   - step: of the way down, which decides how copies are augmented.
  /// - Returns: nil where nothing is wanted of the images.
  func terms(at images: [[Double]], scores: [[Double]], noise: Double, step: Int) throws -> [[Double]]? {
    let guides = settings.classifierWeight > 0 ? classifiers : []
    let holds = settings.distanceWeight > 0
    guard !guides.isEmpty || holds else { return nil }
    let denoised = zip(images, scores).map { image, score in zip(image, score).map { $0 + noise * noise * $1 } }
    var vectors = try guides.enumerated().map { index, classifier in
      try gradients.directions(of: classifier, index: index, at: denoised, noise: noise, step: step)
    }
    if holds { vectors.append(signs(of: denoised)) }
    if settings.throughDenoiser {
      vectors = try denoiser.jacobianProducts(
        of: vectors, at: images, noise: noise, shape: originals.shape.droppingFirst)
    }
    return images.indices.map { image in
      let size = 2 / (1 + 4 * noise * noise).squareRoot() * noise * scores[image].length
      let target = direction(vectors[..<guides.count].map { $0[image] })?
        .scaled(toLength: settings.classifierWeight * size)
      let distance = holds ? vectors[guides.count][image].scaled(toLength: settings.distanceWeight * size) : nil
      return images[image].indices.map { (target?[$0] ?? 0) - (distance?[$0] ?? 0) }
    }
  }

  /// g_c of the classifiers', of any length; nil for none.
  private func direction(_ gradients: [[Double]]) -> [Double]? {
    gradients.count > 1
      ? Cone.projection(of: gradients[1], around: gradients[0], angle: settings.coneAngle) : gradients.first
  }

  /// What g_d is before the denoiser: the signs of what has changed.
  private func signs(of denoised: [[Double]]) -> [[Double]] {
    denoised.enumerated().map { image, pixels in
      zip(pixels, originals.item(image)).map { now, before -> Double in
        let change = now - Double(before)
        return change > 0 ? 1 : change < 0 ? -1 : 0
      }
    }
  }
}
