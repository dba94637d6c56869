import Tensor

/// Relative off-manifold robustness (the paper, definitions 1 and 2, theorem 3.1), c the predicted class:
///
/// - definition 1: rho1(sigma) = E (f_c(x + P_off u) - f_c(x))^2 / E (f_c(x + u) - f_c(x))^2, u ~ N(0, sigma^2 I);
/// - definition 2: rho2 = |g - T T' g|^2 / |g|^2 with g = grad f_c;
/// - theorem 3.1: rho1 tends to rho2 as sigma tends to 0. With f_c linear, f_c(x + v) - f_c(x) = g'v, and
///   E (g' P u)^2 = sigma^2 |P g|^2.
public enum RelativeRobustness {
  /// Definition 1's numerator and denominator: mean squared changes of the predicted class's logit, one of each per image.
  /// - Parameter displacements: the draws of u, each `[N, C, H, W]`, already scaled by sigma.
  static func responses(
    _ responses: Responses, logits: Tensor, predicted: [Int], tangentSpace: TangentBasis, displacements: [Tensor]
  ) throws -> (offManifold: [Double], all: [Double]) {
    let offManifold = displacements.map { $0.subtracting(tangentSpace.projection(of: $0)) }
    let displaced = try responses.logits(
      at: (offManifold + displacements).map {
        .init(direction: $0, scale: 1, description: "small noise of definition 1")
      })
    let classes = logits.shape[1]
    func meanSquares(_ displaced: ArraySlice<Tensor>) -> [Double] {
      predicted.indices.map { image in
        let position = image * classes + predicted[image]
        let sum = displaced.reduce(0.0) { sum, moved in
          let change = Double(moved.scalars[position]) - Double(logits.scalars[position])
          return sum + change * change
        }
        return sum / Double(displacements.count)
      }
    }
    return (meanSquares(displaced.prefix(displacements.count)), meanSquares(displaced.suffix(displacements.count)))
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
      Responses(classifier: classifier, images: block.images, firstImage: block.range.lowerBound),
      logits: block.logits, predicted: block.predicted, tangentSpace: block.tangentSpace,
      displacements: Tensor.normals(
        stream, range: block.range, itemShape: block.images.shape.droppingFirst, repetitions: draws, scale: noise))
    let d = Double(gradient.stride)
    return SampleTable([
      (SampleColumn.offManifoldResponse, responses.offManifold),
      (SampleColumn.response, responses.all),
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
  func result(from means: ResampledMeans) -> RelativeRobustnessResult {
    let first = means.ratio(SampleColumn.offManifoldResponse, over: SampleColumn.response)
    return RelativeRobustnessResult(
      definition1: .init(noise: noise, draws: draws, estimate: first),
      definition2: .init(
        estimate: means.mean(SampleColumn.gradientShare),
        pooled: means.ratio(SampleColumn.offManifoldGradient, over: SampleColumn.gradient)),
      chance: means.column(SampleColumn.chance).mean)
  }
}
