import Tensor

/// Relative off-manifold robustness (the paper, definitions 1 and 2, theorem 3.1), c the predicted class:
///
/// - definition 1: rho1(sigma) = E (f_c(x + P_off u) - f_c(x))^2 / E (f_c(x + u) - f_c(x))^2, u ~ N(0, sigma^2 I);
/// - definition 2: rho2 = |g - T T' g|^2 / |g|^2 with g = grad f_c;
/// - theorem 3.1: rho1 tends to rho2 as sigma tends to 0. With f_c linear, f_c(x + v) - f_c(x) = g'v, and
///   E (g' P u)^2 = sigma^2 |P g|^2.
///
/// Definition 1 from few draws: the mean of a few squares of normal numbers is mostly sampling error. Its expectation is
/// known for the linear part of f_c, whose gradient is at hand: for a displacement v with covariance sigma^2 P, P the
/// projection off the manifold or the identity, E (g'v)^2 = sigma^2 |P g|^2. So the mean of
/// (f_c(x + v) - f_c(x))^2 - (g'v)^2 plus that number has the same expectation, and hardly any error where f_c is nearly
/// linear over v: (g'v)^2 is a *control variate*. Where it is not, the plain mean is the better one; both are taken.
package enum RelativeRobustness {
  /// Means over the draws, one of each per image.
  struct Squares {
    /// (f_c(x + v) - f_c(x))^2.
    var plain: [Double] = []
    /// The same with the control variate.
    var controlled: [Double] = []
  }

  /// Sums over draws of (f_c(x + v) - f_c(x))^2 and of (g'v)^2, one of each per image, in the order of the draws.
  private struct Sums {
    var changes: [Double]
    var slopes: [Double]

    init(images: Int) {
      changes = [Double](repeating: 0, count: images)
      slopes = changes
    }

    mutating func add(
      _ displacement: Tensor, moved: Tensor, from logits: Tensor, predicted: [Int], gradients: Tensor
    ) {
      let classes = logits.shape[1]
      for image in predicted.indices {
        let position = image * classes + predicted[image]
        let difference = Double(moved.scalars[position]) - Double(logits.scalars[position])
        let slope = innerProduct(gradients.item(image), displacement.item(image))
        changes[image] += difference * difference
        slopes[image] += slope * slope
      }
    }

    func means(draws: Int, noise: Double, energies: [Double]) -> Squares {
      let draws = Double(draws)
      return Squares(
        plain: changes.map { $0 / draws },
        controlled: changes.indices.map { (changes[$0] - slopes[$0]) / draws + noise * noise * energies[$0] })
    }
  }

  /// Definition 1's numerator and denominator: mean squared changes of the predicted class's logit.
  /// - Parameters:
  ///   - gradients: g, `[N, C, H, W]`.
  ///   - draws: how many. They are taken some at a time, so that memory does not grow with them.
  ///   - displacements: some of the draws of u, each `[N, C, H, W]`, already scaled by sigma.
  ///   - noise: sigma.
  static func responses(
    _ responses: Responses, logits: Tensor, predicted: [Int], gradients: Tensor, tangentSpace: TangentBasis,
    draws: Int, displacements: (_ draws: Range<Int>) -> [Tensor], noise: Double
  ) throws -> (offManifold: Squares, all: Squares) {
    var (offSums, allSums) = (Sums(images: predicted.count), Sums(images: predicted.count))
    let together = max(1, (1 << 20) / max(1, gradients.scalars.count))
    for first in stride(from: 0, to: draws, by: together) {
      try responses.checkCancellation()
      let all = displacements(first..<min(draws, first + together))
      let offManifold = all.map { $0.subtracting(tangentSpace.projection(of: $0)) }
      let moved = try responses.logits(
        at: (offManifold + all).map {
          .init(direction: $0, scale: 1, description: "small noise of definition 1")
        })
      func add(_ displacements: [Tensor], _ moved: ArraySlice<Tensor>, to sums: inout Sums) {
        for (displacement, moved) in zip(displacements, moved) {
          sums.add(displacement, moved: moved, from: logits, predicted: predicted, gradients: gradients)
        }
      }
      add(offManifold, moved.prefix(all.count), to: &offSums)
      add(all, moved.suffix(all.count), to: &allSums)
    }
    let energies = gradientEnergies(gradients, tangentSpace: tangentSpace)
    return (
      offSums.means(draws: draws, noise: noise, energies: energies.off),
      allSums.means(draws: draws, noise: noise, energies: energies.all)
    )
  }

  /// |g - T T' g|^2 and |g|^2 of each gradient.
  static func gradientEnergies(_ gradients: Tensor, tangentSpace: TangentBasis) -> (off: [Double], all: [Double]) {
    let off = gradients.subtracting(tangentSpace.projection(of: gradients))
    return (
      (0..<gradients.batch).map { squaredNorm(off.item($0)) },
      (0..<gradients.batch).map { squaredNorm(gradients.item($0)) }
    )
  }
}

struct RelativeRobustnessMeasurement: Measurement {
  let classifier: any Classifier
  /// sigma of definition 1.
  let noise: Double
  let draws: Int
  let stream: RandomStream

  init(classifier: any Classifier, noise: Double, draws: Int, seed: UInt64) {
    self.classifier = classifier
    self.noise = noise
    self.draws = draws
    stream = RandomStream(seed: seed, name: "relative-robustness")
  }

  func samples(of block: MeasurementBlock) throws -> SampleTable {
    guard let gradient = block.gradients[.logitPredicted] else {
      preconditionFailure("logit-predicted is always taken")
    }
    let energies = RelativeRobustness.gradientEnergies(gradient, tangentSpace: block.tangentSpace)
    let responses = try RelativeRobustness.responses(
      Responses(
        classifier: classifier, images: block.images, firstImage: block.range.lowerBound,
        checkCancellation: block.checkCancellation),
      logits: block.logits, predicted: block.predicted, gradients: gradient, tangentSpace: block.tangentSpace,
      draws: draws,
      displacements: { draws in
        Tensor.normals(
          stream, range: block.range, itemShape: block.images.shape.droppingFirst, draws: draws, scale: noise)
      }, noise: noise)
    let d = Double(gradient.stride)
    return SampleTable([
      (SampleColumn.offManifoldResponse, responses.offManifold.plain),
      (SampleColumn.response, responses.all.plain),
      (SampleColumn.controlledOffManifoldResponse, responses.offManifold.controlled),
      (SampleColumn.controlledResponse, responses.all.controlled),
      (SampleColumn.gradientShare, zip(energies.off, energies.all).map { $1 > 0 ? $0 / $1 : .nan }),
      (SampleColumn.offManifoldGradient, energies.off),
      (SampleColumn.gradient, energies.all),
      (
        SampleColumn.chance,
        (0..<block.count).map { (d - Double(block.tangentSpace.dimension(ofImage: $0))) / d }
      ),
    ])
  }

  /// Definition 1 is a ratio of means over images and draws: the ratio of a few draws' means at one image has no finite
  /// expectation. Its limit is the same ratio of means of definition 2's energies, reported as `pooled`.
  ///
  /// Of the plain means and those with the control variate, those with the narrower interval count; the latter not where
  /// sampling error makes them negative, which no mean of squares is.
  func result(from means: ResampledMeans) -> RelativeRobustnessResult {
    let plain = means.ratio(SampleColumn.offManifoldResponse, over: SampleColumn.response)
    let controlled = means.ratio(SampleColumn.controlledOffManifoldResponse, over: SampleColumn.controlledResponse)
    let isControlled = controlled.isNonnegative && (controlled.width ?? .infinity) < (plain.width ?? .infinity)
    return RelativeRobustnessResult(
      definition1: .init(
        noise: noise, draws: draws, estimator: isControlled ? .controlVariate : .plain,
        estimate: isControlled ? controlled : plain),
      definition2: .init(
        estimate: means.mean(SampleColumn.gradientShare),
        pooled: means.ratio(SampleColumn.offManifoldGradient, over: SampleColumn.gradient)),
      chance: means.column(SampleColumn.chance).mean)
  }
}

extension Estimate {
  fileprivate var width: Double? {
    if let low, let high { high - low } else { nil }
  }

  fileprivate var isNonnegative: Bool { (value ?? -1) >= 0 && (low ?? -1) >= 0 }
}
