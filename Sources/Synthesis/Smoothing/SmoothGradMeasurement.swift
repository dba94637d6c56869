import BenchCore
import Tensor

/// What SmoothGrad makes of a model's gradients, where the truth is known: how far they are from their expectation, whether that is
/// the gradient of the smoothed model, and how near they come to the Bayes classifier's.
package struct SmoothGradMeasurement {
  let task: any BenchmarkTask
  let set: ImageSet
  let smoothing: SmoothGrad
  let target: GradientTarget
  let seed: UInt64
  let threads: Int
  /// Of the density's classifier at each image, where there is a density.
  private let references: References?

  private struct References {
    /// The gradient of log p_sigma(c | x), sigma that of the noise.
    let smoothed: DensityGradients
    /// SmoothGrad of the classifier of the density itself.
    let convolved: DensityGradients
  }

  /// Gradients for every class that a model may predict, made when one does.
  private struct DensityGradients {
    let make: (_ classes: [Int]) throws -> Tensor
  }

  /// - Parameter set: the images measured on, all of them.
  package init(
    task: any BenchmarkTask, set: ImageSet, smoothing: SmoothGrad, target: GradientTarget, seed: UInt64, threads: Int,
    checkCancellation: @escaping () throws -> Void
  ) {
    (self.task, self.set, self.smoothing, self.target) = (task, set, smoothing, target)
    (self.seed, self.threads) = (seed, threads)
    let places = Array(set.labels.indices)
    references = task.density.map { density in
      References(
        smoothed: DensityGradients { classes in
          try Self.smoothedGradients(density, smoothing, target, set, classes, threads)
        },
        convolved: DensityGradients { classes in
          // With noise of its own: with the model's, errors would agree.
          try smoothing.maps(
            of: DensityClassifier(density, noise: 0, threads: threads), target, at: set.images, places: places,
            labels: set.labels, predicted: classes, seed: seed, purpose: "smoothgrad reference",
            owner: "the density classifier of \(density.id)", checkCancellation: checkCancellation
          ).maps
        })
    }
  }

  /// One row an image.
  /// - Throws: `EvaluationError`, the errors of classifier and task, and what `checkCancellation` throws.
  package func samples(
    of classifier: any Classifier, id: String, checkCancellation: () throws -> Void
  ) throws -> SampleTable {
    try GradientView.check(classifier, id: id, on: task)
    let places = Array(set.labels.indices)
    let (logits, gradients, _) = try classifier.checkedGradients(
      of: [target], at: set.images, labels: set.labels, owner: id)
    guard let plain = gradients[target] else { preconditionFailure("no gradient of \(target.rawValue)") }
    let smoothed = try smoothing.maps(
      of: classifier, target, at: set.images, places: places, labels: set.labels, predicted: logits.argmaxOfRows(),
      along: plain.scaledToUnitNorm(), seed: seed, owner: id, checkCancellation: checkCancellation)
    var table = SampleTable()
    let lengths = places.map { squaredNorm(smoothed.means.item($0)).squareRoot() }
    table.append(
      "sampling error, relative",
      zip(smoothed.variances, lengths).map { $1 > 0 ? $0.squareRoot() / $1 : .nan })
    try appendCheck(to: &table, classifier, smoothed, along: plain.scaledToUnitNorm(), lengths, checkCancellation)
    if let references {
      let reference = try references.smoothed.make(smoothed.predicted)
      let convolved = try references.convolved.make(smoothed.predicted)
      table.append("gradient: cosine with Bayes at this noise", GradientView.cosines(variant(of: plain), reference))
      table.append("cosine with Bayes at this noise", GradientView.cosines(smoothed.maps, reference))
      table.append("cosine with SmoothGrad of Bayes", GradientView.cosines(smoothed.maps, convolved))
    }
    if let mask = set.signalMask {
      table.append("gradient: share on signal pixels", mask.energyShares(of: plain))
      table.append("share on signal pixels", mask.energyShares(of: smoothed.means))
    }
    return table
  }

  /// Along the clean image's gradient, which depends on no noise.
  private func appendCheck(
    to table: inout SampleTable, _ classifier: any Classifier, _ smoothed: SmoothGrad.Maps, along directions: Tensor,
    _ lengths: [Double], _ checkCancellation: () throws -> Void
  ) throws {
    guard smoothing.samples > 1 else { return }
    let places = Array(set.labels.indices)
    let own = smoothed.derivatives
    let estimates = try SteinCheck.estimates(
      of: smoothing, classifier, target, at: set.images, places: places, labels: set.labels,
      classes: smoothed.predicted, along: directions, gradients: smoothed.means, seed: seed,
      checkCancellation: checkCancellation)
    let z = zip(estimates, own).map { check, own -> Double in
      let variance = check.variance + own.variance
      return variance > 0 ? (check.value - own.value) / variance.squareRoot() : .nan
    }
    table.append(
      "difference from the smoothed model's derivative",
      places.map { lengths[$0] > 0 ? (own[$0].value - estimates[$0].value) / lengths[$0] : .nan })
    table.append("its z, squared", z.map { $0 * $0 })
    table.append("its |z| below 1.96", z.map { $0.isNaN ? .nan : abs($0) < 1.96 ? 1 : 0 })
  }

  /// What a single gradient is compared as: of the other variants, its square.
  private func variant(of gradient: Tensor) -> Tensor {
    smoothing.variant == .signed ? gradient : gradient.squared
  }

  private static func smoothedGradients(
    _ density: any ClassConditionalDensity, _ smoothing: SmoothGrad, _ target: GradientTarget, _ set: ImageSet,
    _ classes: [Int], _ threads: Int
  ) throws -> Tensor {
    func gradient(_ images: Range<Int>, _ noise: Double) throws -> Tensor {
      let result = try DensityClassifier(density, noise: noise, threads: threads).checkedGradients(
        of: [target], at: set.images[batch: images], predicted: Array(classes[images]),
        labels: Array(set.labels[images]), owner: "the density classifier of \(density.id)",
        firstImage: images.lowerBound)
      guard let gradient = result.gradients[target] else { preconditionFailure("no gradient of \(target.rawValue)") }
      return gradient
    }
    let all =
      switch smoothing.noise {
      case .absolute(let sigma): try gradient(set.labels.indices, sigma)
      case .share:
        // Every image has its own noise level.
        Tensor.concatenating(
          try set.labels.indices.map { try gradient($0..<$0 + 1, smoothing.noise.sigma(of: set.images.item($0))) })
      }
    return smoothing.variant == .signed ? all : all.squared
  }
}
