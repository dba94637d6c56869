import BenchCore
import Tensor

/// What a score makes of noisy images: D(x; sigma) = x + sigma^2 s(x; sigma), the expectation of the clean image (Tweedie's formula).
struct ScoreDenoiser {
  let score: any Score
  /// Of the images in their set, for messages.
  let places: [Int]

  /// s, for each image.
  func scores(at images: [[Double]], noise: Double, shape: Shape) throws -> [[Double]] {
    let tensor = Tensor(
      shape: shape.prepending(images.count), scalars: images.flatMap { $0.map { Float($0) } })
    let scores = try score.score(at: tensor, noise: noise)
    guard scores.shape == tensor.shape else {
      throw EvaluationError.wrongOutput(what: "score of \(score.id)", expected: tensor.shape, got: scores.shape)
    }
    if let bad = scores.scalars.firstIndex(where: { !$0.isFinite }) {
      throw SynthesisError.nonFiniteScore(score: score.id, place: places[bad / scores.stride], noise: noise)
    }
    return images.indices.map { scores.item($0).map(Double.init) }
  }

  /// J v, for each image, with J the Jacobian of D: I + sigma^2 times the Hessian of log p_sigma, so symmetric, and J v is also the
  /// gradient through the denoiser of a function whose gradient at D is v. By central differences over a tenth of sigma, over which
  /// D is as good as linear: it varies on the scale of sigma.
  func jacobianProducts(
    of vectors: [[Double]], at images: [[Double]], noise: Double, shape: Shape
  ) throws -> [[Double]] {
    let units = vectors.map { $0.scaled(toLength: 1) ?? $0 }
    let step = 0.1 * noise
    func moved(_ sign: Double) throws -> [[Double]] {
      let images = zip(images, units).map { image, unit in zip(image, unit).map { $0 + sign * step * $1 } }
      return try scores(at: images, noise: noise, shape: shape)
    }
    let (above, below) = (try moved(1), try moved(-1))
    let factor = noise * noise / (2 * step)
    return units.indices.map { image -> [Double] in
      let (unit, above, below) = (units[image], above[image], below[image])
      return unit.indices.map { unit[$0] + factor * (above[$0] - below[$0]) }
    }
  }
}
