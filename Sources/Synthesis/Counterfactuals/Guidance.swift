import BenchCore
import Tensor

/// What is added to the score on a counterfactual's way: towards the class, and back to the original.
struct Guidance {
  let settings: Counterfactual
  /// That which is explained, then the guide where there is one.
  let classifiers: [any Classifier]
  let denoiser: ScoreDenoiser
  let originals: Tensor
  let targets: [Int]
  let places: [Int]

  /// 2 / sqrt(1 + 4 sigma^2) |e| (C_c g_c / |g_c| - C_d g_d / |g_d|), for each image; a gradient of zero adds nothing.
  /// - Parameter scores: at the images.
  /// - Returns: nil where both weights are zero.
  func terms(at images: [[Double]], scores: [[Double]], noise: Double) throws -> [[Double]]? {
    guard settings.classifierWeight > 0 || settings.distanceWeight > 0 else { return nil }
    let denoised = zip(images, scores).map { image, score in zip(image, score).map { $0 + noise * noise * $1 } }
    let towards =
      settings.classifierWeight > 0 ? try classDirections(at: images, denoised: denoised, noise: noise) : nil
    let away = settings.distanceWeight > 0 ? try distanceDirections(at: images, denoised: denoised, noise: noise) : nil
    return images.indices.map { image in
      let size = 2 / (1 + 4 * noise * noise).squareRoot() * noise * scores[image].length
      let target = towards?[image]?.scaled(toLength: settings.classifierWeight * size)
      let distance = away?[image].scaled(toLength: settings.distanceWeight * size)
      return images[image].indices.map { (target?[$0] ?? 0) - (distance?[$0] ?? 0) }
    }
  }

  /// g_c, of any length.
  private func classDirections(at images: [[Double]], denoised: [[Double]], noise: Double) throws -> [[Double]?] {
    let shape = originals.shape
    let tensor = Tensor(shape: shape, scalars: denoised.flatMap { $0.map { Float($0) } })
    let gradients = try classifiers.map { classifier -> [[Double]] in
      // Of the log-odds: it has the direction of the log-probability's and does not vanish where that is sure.
      let target = GradientTarget.logOddsPredicted
      let result = try classifier.checkedGradients(
        of: [target], at: tensor, predicted: targets, labels: targets,
        place: { "the counterfactual of image \(places[$0]) at noise \(brief(noise))" })
      guard let gradient = result.gradients[target] else { preconditionFailure("no gradient of \(target.rawValue)") }
      return try throughDenoiser((0..<images.count).map { gradient.item($0).map(Double.init) }, images, noise)
    }
    return images.indices.map { image in
      gradients.count == 1
        ? gradients[0][image]
        : Cone.projection(of: gradients[1][image], around: gradients[0][image], angle: settings.coneAngle)
    }
  }

  /// g_d: the signs of what has changed.
  private func distanceDirections(at images: [[Double]], denoised: [[Double]], noise: Double) throws -> [[Double]] {
    let signs = denoised.enumerated().map { image, pixels in
      zip(pixels, originals.item(image)).map { now, before -> Double in
        let change = now - Double(before)
        return change > 0 ? 1 : change < 0 ? -1 : 0
      }
    }
    return try throughDenoiser(signs, images, noise)
  }

  private func throughDenoiser(_ vectors: [[Double]], _ images: [[Double]], _ noise: Double) throws -> [[Double]] {
    guard settings.throughDenoiser else { return vectors }
    return try denoiser.jacobianProducts(
      of: vectors, at: images, noise: noise, shape: originals.shape.droppingFirst)
  }
}
