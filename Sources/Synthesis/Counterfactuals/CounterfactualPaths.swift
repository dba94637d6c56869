import BenchCore
import Tensor

/// The ways of some images to counterfactuals, by one classifier after the other: all begin with the same noisy images, which no
/// classifier has to do with.
package struct CounterfactualPaths {
  let settings: Counterfactual
  private let denoiser: ScoreDenoiser
  private let copies: AugmentedCopies
  private let originals: Tensor
  private let targets: [Int]
  private let range: ClosedRange<Float>?
  private let places: [Int]
  private let random: RandomStream
  private let levels: [Double]
  /// At the first noise level.
  private let starts: [[Double]]

  /// - Parameters:
  ///   - originals: `[N, C, H, W]`, at `places` in their set: noise is a function of seed, place and step alone.
  ///   - targets: the classes wanted.
  ///   - range: results are clipped to it.
  ///   - checkCancellation: is called between steps.
  /// - Throws: `SynthesisError.nonFiniteScore`, the errors of the score, and what `checkCancellation` throws.
  package init(
    _ settings: Counterfactual, score: any Score, from originals: Tensor, towards targets: [Int],
    range: ClosedRange<Float>?, places: [Int], seed: UInt64, checkCancellation: () throws -> Void = {}
  ) throws {
    precondition(
      targets.count == originals.batch && places.count == originals.batch, "a class and a place of each image")
    self.settings = settings
    self.originals = originals
    self.targets = targets
    self.range = range
    self.places = places
    let shape = originals.shape.droppingFirst
    denoiser = ScoreDenoiser(score: score, places: places)
    copies = AugmentedCopies(settings.augmentations, of: shape, range: range, seed: seed)
    random = RandomStream(seed: seed, name: "counterfactual")
    levels = NoiseSchedule.levels(from: settings.startNoise, count: settings.steps, of: score)
    var images = (0..<originals.batch).map { originals.item($0).map(Double.init) }
    switch settings.path {
    case .noise:
      for (image, place) in places.enumerated() {
        for (pixel, normal) in random.normals(item: place, count: originals.stride).enumerated() {
          images[image][pixel] += levels[0] * normal
        }
      }
      // A score that knows other levels alone shall say so before the work, as on the way up the flow.
      if let first = images.first, let last = levels.last {
        _ = try denoiser.scores(at: [first], noise: last, shape: shape)
      }
    case .flow:
      for (level, next) in zip(levels.reversed(), levels.reversed().dropFirst()) {
        try checkCancellation()
        images = try Self.flow(images, from: level, to: next, denoiser, shape) { _, _ in nil }
      }
    }
    starts = images
  }

  /// - Parameters:
  ///   - classifier: whose classes they are; nil for what noise, score and distance do on their own.
  ///   - guide: a robust classifier, whose gradient is brought into the cone around the classifier's own; nil for none.
  ///   - afterStep: is called after each of the steps.
  /// - Returns: the denoised images of the last level, `[N, C, H, W]`.
  /// - Throws: `EvaluationError`, `SynthesisError.nonFiniteScore`, the errors of classifiers and score, and what `afterStep` throws.
  package func images(
    by classifier: (any Classifier)?, guide: (any Classifier)? = nil, afterStep: () throws -> Void = {}
  ) throws -> Tensor {
    let shape = originals.shape.droppingFirst
    let pixels = originals.stride
    let guidance = Guidance(
      settings: settings, classifiers: classifier.map { [$0] + (guide.map { [$0] } ?? []) } ?? [],
      gradients: ClassGradients(copies: copies, targets: targets, places: places), denoiser: denoiser,
      originals: originals)
    var images = starts
    let isFree = settings.path == .flow && !settings.holdsToOriginal
    // Where they would be if nothing guided them; nil where that is where they are, or of no interest.
    var unguided = isFree && settings.distanceWeight > 0 && !guidance.guides.isEmpty ? starts : nil
    for (step, level) in levels.enumerated() {
      let scores = try denoiser.scores(at: images, noise: level, shape: shape)
      guard step + 1 < levels.count else {
        images = ScoreDenoiser.denoised(images, scores, noise: level)
        try afterStep()
        break
      }
      let next = levels[step + 1]
      switch settings.path {
      case .noise:
        let added = try guidance.terms(at: images, scores: scores, unguided: nil, noise: level, step: step)
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
        var anchors: [[Double]]?
        if let current = unguided {
          let scores = try denoiser.scores(at: current, noise: level, shape: shape)
          anchors = ScoreDenoiser.denoised(current, scores, noise: level)
          unguided = try Self.flow(current, from: level, to: next, denoiser, shape, scores: scores) { _, _ in nil }
        }
        images = try Self.flow(images, from: level, to: next, denoiser, shape, scores: scores) {
          // Where nothing guides, nothing is to be held.
          guard !isFree || !guidance.guides.isEmpty else { return nil }
          return try guidance.terms(at: $0, scores: $1, unguided: anchors, noise: level, step: step)
        }
      }
      try afterStep()
    }
    return Tensor(
      shape: originals.shape,
      scalars: images.flatMap { image in
        image.map { value in range.map { min(max(Float(value), $0.lowerBound), $0.upperBound) } ?? Float(value) }
      })
  }

  /// One step of Heun's along the flow, up or down; what is added to the score is that at its beginning.
  private static func flow(
    _ images: [[Double]], from level: Double, to next: Double, _ denoiser: ScoreDenoiser, _ shape: Shape,
    scores: [[Double]]? = nil, _ added: (_ images: [[Double]], _ scores: [[Double]]) throws -> [[Double]]?
  ) throws -> [[Double]] {
    let first = try scores ?? denoiser.scores(at: images, noise: level, shape: shape)
    let added = try added(images, first)
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
