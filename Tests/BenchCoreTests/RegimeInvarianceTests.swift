import Foundation
import Tensor
import Testing

@testable import BenchCore

/// Changes of a classifier that change no prediction and no ranking of classes: the regime and all it rests on stay.
@Suite struct RegimeInvarianceTests {
  static let classifiers: [@Sendable () -> QuadraticClassifier] = [
    { ToyDensity.bayesClassifier() }, { fragileClassifier(strength: 6) },
  ]

  private func expectSame(_ first: EvaluationResult, _ second: EvaluationResult, factor: Double = 1) throws {
    #expect(second.regime.label == first.regime.label && second.regime.confidence == first.regime.confidence)
    let (one, other) = (try #require(first.regime.evidence.v2), try #require(second.regime.evidence.v2))
    #expect(one.shares == other.shares && one.leadingLabel == other.leadingLabel && one.open == other.open)
    func near(_ first: Double?, _ second: Double?, _ what: String) {
      guard let first, let second else {
        #expect(first == nil && second == nil, "\(what)")
        return
      }
      #expect(abs(first - second) < 1e-4, "\(what): \(first), \(second)")
    }
    near(
      one.classification.temperatureScale, other.classification.temperatureScale.map { $0 * factor }, "temperature")
    near(one.robustness.onManifold, other.robustness.onManifold, "on the manifold")
    near(one.robustness.offManifold, other.robustness.offManifold, "off the manifold")
    let estimates: [(String, (RegimeEvidenceV2) -> Estimate?)] = [
      ("accuracy", { $0.classification.accuracy }), ("R", { $0.robustness.ratio }),
      ("small step", { $0.signal.onManifold }), ("D", { $0.signal.densityRetention }),
      ("K of Bayes", { $0.signal.densitySensitivityRetention }), ("A", { $0.signal.accuracyRetention }),
      ("K", { $0.signal.onManifoldRetention }), ("G", { $0.alignment.cosine }),
      ("beyond the image", { $0.alignment.beyondImage }), ("specific", { $0.alignment.specific }),
      ("share", { $0.alignment.share }),
    ]
    for (name, estimate) in estimates {
      let (here, there) = (estimate(one), estimate(other))
      near(here?.value, there?.value, name)
      near(here?.low, there?.low, name)
      near(here?.high, there?.high, name)
    }
    #expect(one.robustness.holdsIn == other.robustness.holdsIn && one.alignment.holdsIn == other.alignment.holdsIn)
    #expect(one.signal.keptIn == other.signal.keptIn && one.signal.lostIn == other.signal.lostIn)
    let (images, others) = (first.measurements.imageAlignment, second.measurements.imageAlignment)
    for ((name, here), (_, there)) in zip(images?.controls.all ?? [], others?.controls.all ?? []) {
      near(here.value, there.value, name)
    }
  }

  /// A network's last layer may have any scale. What is measured without calibration changes with it.
  @Test(arguments: classifiers.indices, [0.1, 10]) func theScaleOfTheLogits(classifier: Int, factor: Double) throws {
    let original = Self.classifiers[classifier]()
    var scaled = original
    scaled.weights = factor * original.weights
    scaled.biases = original.biases.map { factor * $0 }
    let (first, second) = (try toyOutcome(original).result, try toyOutcome(scaled).result)
    try expectSame(first, second, factor: factor)
    #expect(abs(first.wideOnManifold - second.wideOnManifold) > 0.02)
  }

  /// A function of the image that is added to all logits changes no probability, but the gradient of every logit.
  @Test(arguments: classifiers.indices) func whatIsCommonToAllLogits(classifier: Int) throws {
    let original = Self.classifiers[classifier]()
    var shifted = original
    let direction = RandomStream(seed: 7, name: "common").normals(item: 0, count: ToyDensity.dimension)
    for index in 0..<3 {
      shifted.curvatures[index] += 5
      shifted.biases[index] += 7
      for pixel in 0..<ToyDensity.dimension { shifted.weights[index, pixel] += 3 * direction[pixel] }
    }
    let (first, second) = (try toyOutcome(original).result, try toyOutcome(shifted).result)
    try expectSame(first, second)
    #expect(first.measurements.scoreAlignment != second.measurements.scoreAlignment)
  }

  /// The same classes in another order, everywhere.
  @Test(arguments: classifiers.indices) func theOrderOfClasses(classifier: Int) throws {
    let original = Self.classifiers[classifier]()
    let order = [2, 0, 1]
    let permuted = QuadraticClassifier(
      inputShape: original.inputShape,
      weights: Matrix(rows: 3, columns: 24, scalars: order.flatMap { Array(original.weights.row($0)) }),
      biases: order.map { original.biases[$0] })
    let second = try Evaluation(task: PermutedTask(order: order), configuration: toyConfiguration()).run(
      EvaluationSubject(classifier: permuted, record: toyRecord(), task: "toy")
    ).result
    try expectSame(toyOutcome(original).result, second)
  }
}

extension EvaluationResult {
  /// Without calibration.
  fileprivate var wideOnManifold: Double {
    measurements.sensitivity.first { $0.stepSize == measurementProtocol.wideStep }?.onManifold.value ?? .nan
  }
}

/// The toy task with its classes in another order: place i has class `order[i]`.
private struct PermutedTask: BenchmarkTask {
  let base = ToyTask()
  let order: [Int]

  var id: String { base.id }
  var version: Int { base.version }
  var classNames: [String] { order.map { base.classNames[$0] } }
  var imageShape: Shape { base.imageShape }
  var defaultImageCount: Int { base.defaultImageCount }
  var manifold: (any Manifold)? { base.manifold }
  var density: (any ClassConditionalDensity)? { PermutedDensity(order: order) }
  var score: (any Score)? { DensityScore(PermutedDensity(order: order)) }
  var densityIsExact: Bool { base.densityIsExact }
  var protocolConstants: ProtocolConstants { base.protocolConstants }
  var calibration: RegimeCalibration { base.calibration }
  var criteria: RegimeCriteria? { base.criteria }
  var quality: ReferenceQuality? { base.quality }

  func evaluationImages(count: Int, seed: UInt64) throws -> ImageSet {
    let set = try base.evaluationImages(count: count, seed: seed)
    return ImageSet(
      name: set.name, split: set.split, images: set.images,
      labels: set.labels.map { label in order.firstIndex(of: label) ?? 0 }, signalMask: set.signalMask)
  }
}

private struct PermutedDensity: ClassConditionalDensity {
  let base = ToyDensity()
  let order: [Int]

  var id: String { base.id }
  var imageShape: Shape { base.imageShape }
  var logPriors: [Double] { order.map { base.logPriors[$0] } }

  func logDensities(at images: Tensor, noise: Double) throws -> Matrix {
    try classScores(at: images, noise: noise).logDensities
  }

  func classScores(at images: Tensor, noise: Double) throws -> (logDensities: Matrix, scores: Tensor) {
    let (densities, scores) = try base.classScores(at: images, noise: noise)
    var permuted = densities
    var permutedScores = scores
    let pixels = ToyDensity.dimension
    for image in 0..<images.batch {
      for (place, index) in order.enumerated() {
        permuted[image, place] = densities[image, index]
        for pixel in 0..<pixels {
          permutedScores.scalars[(image * 3 + place) * pixels + pixel] =
            scores.scalars[
              (image * 3 + index) * pixels + pixel]
        }
      }
    }
    return (permuted, permutedScores)
  }
}
