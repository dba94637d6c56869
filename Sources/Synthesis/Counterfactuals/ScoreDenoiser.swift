import BenchCore
import Tensor

/// What a score makes of noisy images: D(x; sigma) = x + sigma^2 s(x; sigma), the expectation of the clean image (Tweedie's formula).
struct ScoreDenoiser {
  let score: any Score
  /// Of the images in their set, for messages.
  let places: [Int]

  /// s, for each image; of several times the images, where there are more than places.
  func scores(at images: [[Double]], noise: Double, shape: Shape) throws -> [[Double]] {
    let tensor = Tensor(
      shape: shape.prepending(images.count), scalars: images.flatMap { $0.map { Float($0) } })
    let scores = try score.score(at: tensor, noise: noise)
    guard scores.shape == tensor.shape else {
      throw EvaluationError.wrongOutput(what: "score of \(score.id)", expected: tensor.shape, got: scores.shape)
    }
    if let bad = scores.scalars.firstIndex(where: { !$0.isFinite }) {
      throw SynthesisError.nonFiniteScore(
        score: score.id, place: places[bad / scores.stride % places.count], noise: noise)
    }
    return images.indices.map { scores.item($0).map(Double.init) }
  }

  /// D, for each image and its score.
  static func denoised(_ images: [[Double]], _ scores: [[Double]], noise: Double) -> [[Double]] {
    zip(images, scores).map { image, score in zip(image, score).map { $0 + noise * noise * $1 } }
  }

  /// J v, for each image and each of several lists of vectors, with J the Jacobian of D: I + sigma^2 times the Hessian of log p_sigma,
  /// so symmetric, and J v is also the gradient through the denoiser of a function whose gradient at D is v. By central differences
  /// over a tenth of sigma, all in one call of the score.
  ///
  /// A network's Jacobian is symmetric only as far as what it has learned is a score.
  /// - Parameter lists: each of one vector an image.
  func jacobianProducts(
    of lists: [[[Double]]], at images: [[Double]], noise: Double, shape: Shape
  ) throws -> [[[Double]]] {
    let units = lists.map { $0.map { $0.scaled(toLength: 1) ?? $0 } }
    let step = 0.1 * noise
    let moved = units.flatMap { units in
      [step, -step].flatMap { step in
        zip(images, units).map { image, unit in zip(image, unit).map { $0 + step * $1 } }
      }
    }
    let scores = try scores(at: moved, noise: noise, shape: shape)
    let factor = noise * noise / (2 * step)
    return units.enumerated().map { list, units in
      units.indices.map { image -> [Double] in
        let above = scores[2 * list * images.count + image]
        let (unit, below) = (units[image], scores[(2 * list + 1) * images.count + image])
        return unit.indices.map { unit[$0] + factor * (above[$0] - below[$0]) }
      }
    }
  }
}
