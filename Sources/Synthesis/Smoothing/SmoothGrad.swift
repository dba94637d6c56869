import BenchCore
import Tensor

/// Gradients averaged over noisy copies of an image (Smilkov et al., "SmoothGrad: removing noise by adding noise", 2017):
///
///     mean over s of grad f(x + sigma n_s),   n_s ~ N(0, I)
///
/// It is an unbiased estimate of grad (f * N(0, sigma^2 I)) (x), the gradient of the function that f becomes when it is convolved
/// with the noise. That is *not* the gradient of the Bayes classifier of noisy images, log p_sigma(c | x): there the noise is that
/// of the images behind x, drawn from their posterior, and not from around it (`docs/synthesis.md`).
///
/// Noisy copies are not clipped, as in the public implementations.
package struct SmoothGrad: Sendable, Equatable {
  package enum Variant: String, Sendable, CaseIterable {
    /// The mean of the gradients, with their signs.
    case signed = "smoothgrad"
    /// The mean of their squares, pixel by pixel (Hooker et al., "A Benchmark for Interpretability Methods in Deep Neural Networks",
    /// NeurIPS 2019); what the `saliency` library does unless told otherwise (`magnitude=True`).
    case squared = "smoothgrad-squared"
    /// Their variance, pixel by pixel, over all of them and not one less (Adebayo et al., "Local explanation methods for deep neural
    /// networks lack sensitivity to parameter values", 2018), as `captum` does.
    case variance = "vargrad"
  }

  /// The noise's standard deviation.
  package enum Noise: Sendable, Equatable {
    /// In pixel units.
    case absolute(Double)
    /// As a share of the difference between the image's largest and smallest pixel.
    case share(Double)

    package func sigma(of image: some Collection<Float>) -> Double {
      switch self {
      case .absolute(let sigma): return sigma
      case .share(let share):
        guard let low = image.min(), let high = image.max() else { return 0 }
        return share * (Double(high) - Double(low))
      }
    }
  }

  package var variant: Variant
  package var noise: Noise
  /// Noisy copies of an image.
  package var samples: Int

  package init(_ variant: Variant = .signed, noise: Noise = .share(0.15), samples: Int = 50) {
    precondition(samples > 0, "a mean of no gradients")
    self.variant = variant
    self.noise = noise
    self.samples = samples
  }

  package struct Maps: Sendable {
    /// The class of each clean image, which all its noisy copies are asked for.
    package var predicted: [Int]
    /// `[N, C, H, W]`.
    package var maps: Tensor
    /// The mean gradients, whatever the variant, `[N, C, H, W]`.
    package var means: Tensor
    /// The variance of the mean gradient, summed over pixels: how far it is from its expectation, squared. NaN of one sample.
    package var variances: [Double]
    /// Its component along a direction, where one was given.
    var derivatives: [DerivativeEstimate]
  }

  /// - Parameters:
  ///   - images: `[N, C, H, W]`, at `places` in their set: noise is a function of seed, purpose, place and sample alone.
  ///   - predicted: the class meant; nil for the classifier's own at the clean images.
  ///   - directions: unit vectors `[N, C, H, W]` along which derivatives are told; nil for none.
  ///   - purpose: other purposes have other noise.
  /// - Throws: `EvaluationError`, the classifier's errors, and what `checkCancellation` throws.
  package func maps(
    of classifier: any Classifier, _ target: GradientTarget, at images: Tensor, places: [Int], labels: [Int],
    predicted: [Int]? = nil, along directions: Tensor? = nil, seed: UInt64, purpose: String = "smoothgrad",
    owner: String = "the classifier", checkCancellation: () throws -> Void = {}
  ) throws -> Maps {
    let classes =
      try predicted ?? classifier.checkedLogits(images) { "image \(places[$0])" }.argmaxOfRows()
    let pixels = images.stride
    var sums = [Double](repeating: 0, count: images.scalars.count)
    var squares = sums
    var derivatives = [DerivativeEstimate.Sum](repeating: .init(), count: images.batch)
    let copies = NoisyCopies(images, places: places, noise: noise, samples: samples, seed: seed, purpose: purpose)
    for rows in copies.blocks {
      try checkCancellation()
      let sources = rows.map { copies.source(ofRow: $0) }
      let result = try classifier.checkedGradients(
        of: [target], at: copies.images(rows), predicted: sources.map { classes[$0] },
        labels: sources.map { labels[$0] }, owner: owner, place: { copies.description(ofRow: rows.lowerBound + $0) })
      guard let gradients = result.gradients[target] else { preconditionFailure("no gradient of \(target.rawValue)") }
      if let directions {
        for (row, source) in sources.enumerated() {
          derivatives[source].add(innerProduct(gradients.item(row), directions.item(source)))
        }
      }
      // In the order of the samples, so that sums do not depend on blocks.
      gradients.scalars.withUnsafeBufferPointer { gradients in
        for (row, source) in sources.enumerated() {
          for pixel in 0..<pixels {
            let value = Double(gradients[row * pixels + pixel])
            sums[source * pixels + pixel] += value
            squares[source * pixels + pixel] += value * value
          }
        }
      }
    }
    return result(
      classes, sums, squares, directions == nil ? [] : derivatives.map(\.estimate), shape: images.shape)
  }

  private func result(
    _ classes: [Int], _ sums: [Double], _ squares: [Double], _ derivatives: [DerivativeEstimate], shape: Shape
  ) -> Maps {
    let count = Double(samples)
    let means = sums.map { $0 / count }
    // Rounding may make a difference of equals negative.
    let spreads = zip(squares, means).map { max(0, $0 / count - $1 * $1) }
    let values =
      switch variant {
      case .signed: means
      case .squared: squares.map { $0 / count }
      case .variance: spreads
      }
    let pixels = shape.droppingFirst.count
    return Maps(
      predicted: classes, maps: Tensor(shape: shape, scalars: values.map { Float($0) }),
      means: Tensor(shape: shape, scalars: means.map { Float($0) }),
      variances: classes.indices.map { image in
        samples > 1 ? spreads[image * pixels..<(image + 1) * pixels].reduce(0, +) / (count - 1) : .nan
      }, derivatives: derivatives)
  }
}
