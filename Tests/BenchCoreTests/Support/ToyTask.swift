import BenchCore
import Foundation
import Tensor

/// Three Gaussian classes with one diagonal covariance, so that everything is known in closed form: the Bayes classifier is
/// linear, its off-manifold weights are zero, and the score is linear in x within a class.
///
/// Images are [1, 4, 6]: pixels 0-3 vary with the class, pixels 12-15 vary without it (the distractor), the others
/// hold a little noise off the manifold.
struct ToyDensity: ClassConditionalDensity {
  static let dimension = 24
  static let signal = [0, 1, 2, 3]
  static let distractor = [12, 13, 14, 15]
  static let onDeviation = 0.5
  static let offDeviation = 0.05

  let id = "toy-exact"
  let imageShape: Shape = [1, 4, 6]
  let logPriors = [Double](repeating: -log(3), count: 3)

  static func mean(ofClass index: Int, pixel: Int) -> Double {
    0.5 + (pixel == index ? 1 : 0) + (pixel == 3 ? 0.3 * Double(index) : 0)
  }

  static func deviation(pixel: Int) -> Double {
    (signal + distractor).contains(pixel) ? onDeviation : offDeviation
  }

  func logDensities(at images: Tensor, noise: Double) throws -> Matrix {
    try classScores(at: images, noise: noise).logDensities
  }

  func classScores(at images: Tensor, noise: Double) throws -> (logDensities: Matrix, scores: Tensor) {
    var densities = Matrix(rows: images.batch, columns: 3)
    var scores = Tensor(shape: [images.batch, 3, 1, 4, 6], repeating: 0)
    for image in 0..<images.batch {
      for index in 0..<3 {
        for (pixel, value) in images.item(image).enumerated() {
          let variance = pow(Self.deviation(pixel: pixel), 2) + noise * noise
          let difference = Double(value) - Self.mean(ofClass: index, pixel: pixel)
          densities[image, index] -= difference * difference / (2 * variance) + log(2 * .pi * variance) / 2
          scores.scalars[(image * 3 + index) * Self.dimension + pixel] = Float(-difference / variance)
        }
      }
    }
    return (densities, scores)
  }

  /// Weights and biases of the Bayes classifier: log p(x | c) up to what is common to the classes.
  static func bayesClassifier() -> QuadraticClassifier {
    var weights = Matrix(rows: 3, columns: dimension)
    var biases = [Double](repeating: 0, count: 3)
    for index in 0..<3 {
      for pixel in 0..<dimension {
        let variance = pow(deviation(pixel: pixel), 2)
        let shift = mean(ofClass: index, pixel: pixel) - 0.5
        weights[index, pixel] = shift / variance
        biases[index] -= (pow(mean(ofClass: index, pixel: pixel), 2) - 0.25) / (2 * variance)
      }
    }
    return QuadraticClassifier(inputShape: [1, 4, 6], weights: weights, biases: biases)
  }
}

struct ToyManifold: Manifold {
  let id = "toy-exact"
  let dimension = 8

  func tangentBasis(at images: Tensor) throws -> TangentBasis {
    let pixels = ToyDensity.signal + ToyDensity.distractor
    var basis = Tensor(shape: [8, ToyDensity.dimension], repeating: 0)
    for (row, pixel) in pixels.enumerated() { basis.scalars[row * ToyDensity.dimension + pixel] = 1 }
    return TangentBasis(bases: [basis], assignment: [Int](repeating: 0, count: images.batch))
  }
}

struct ToyTask: BenchmarkTask {
  let id = "toy"
  let version = 1
  let classNames = ["one", "two", "three"]
  let imageShape: Shape = [1, 4, 6]
  let defaultImageCount = 150
  var manifold: (any Manifold)? = ToyManifold()
  var density: (any ClassConditionalDensity)? = ToyDensity()
  var score: (any Score)? = DensityScore(ToyDensity())
  var scoreComparison: ScoreComparison?
  var densityIsExact = true
  var calibration: RegimeCalibration = .bayes(gate: 0.45)
  /// Those of `glyphs`. That the Bayes classifier is linear does not make its log-odds gradients the same for all images of a
  /// class: the other two classes' weights enter with the image's own posterior, and two fifths of the alignment are the
  /// image's. For the classifiers made of it the share is the same, so what tells them apart is R and the cosine, as it was
  /// under rule v1.
  var criteria: RegimeCriteria? = RegimeCriteria(
    robustRatio: 1, specificShare: 0.25, cosine: 0.45, densityAccuracy: 0.85, densitySensitivity: 0.75,
    tells: "all three regimes: everything is known in closed form")
  var hasSignalMask = true
  /// Of an image at a place of the set; nil for the first half of every image.
  var signalPixels: (@Sendable (_ image: Int) -> [Bool])?
  let protocolConstants = ProtocolConstants(
    stepSizes: [0.5, 1, 2], wideStep: 2, smallStep: 0.5, scoreNoises: [0.25], alignmentNoises: [0.25, 0.5],
    decisiveNoise: 0.5, robustnessNoise: 0.05)
  var quality: ReferenceQuality? = ReferenceQuality(
    heldOutLogLikelihood: nil, accuracy: 0.9, images: 1000, manifoldDimension: 8)

  func evaluationImages(count: Int, seed: UInt64) throws -> ImageSet {
    guard count <= 5000 else {
      throw EvaluationError.notEnoughImages(task: id, requested: count, available: 5000)
    }
    let stream = RandomStream(seed: seed, name: "toy")
    let labels = (0..<count).map { $0 % 3 }
    let images = Tensor(
      shape: imageShape.prepending(count),
      scalars: (0..<count).flatMap { image in
        stream.normals(item: image, count: ToyDensity.dimension).enumerated().map { pixel, normal in
          Float(ToyDensity.mean(ofClass: labels[image], pixel: pixel) + ToyDensity.deviation(pixel: pixel) * normal)
        }
      })
    let mask =
      signalPixels.map { pixels in SignalMask(ofImages: (0..<count).map(pixels)) }
      ?? SignalMask((0..<ToyDensity.dimension).map { $0 < 12 }, count: count)
    return ImageSet(
      name: "toy", split: "generated", images: images, labels: labels, signalMask: hasSignalMask ? mask : nil)
  }
}

/// The Bayes classifier with weights added off the manifold, the same for every seed: it is accurate there and fragile.
func fragileClassifier(strength: Double) -> QuadraticClassifier {
  var classifier = ToyDensity.bayesClassifier()
  let noise = RandomStream(seed: 5, name: "fragile")
  for index in 0..<3 {
    for (pixel, normal) in noise.normals(item: index, count: ToyDensity.dimension).enumerated()
    where ToyDensity.deviation(pixel: pixel) == ToyDensity.offDeviation {
      classifier.weights[index, pixel] += strength * normal
      classifier.biases[index] -= strength * normal * 0.5
    }
  }
  return classifier
}

func toyRecord(id: String = "toy-bayes") -> ModelRecord {
  ModelRecord(
    id: id, name: "Toy model", checkpoint: nil, plugin: .init(id: "builtin", version: "1"), architecture: "linear",
    parameters: 75, preprocessing: .identity(channels: 1))
}

func toyConfiguration(images: Int = 150, seed: UInt64 = 3) -> EvaluationConfiguration {
  EvaluationConfiguration(
    images: images, seed: seed, metrics: [CosineMetric()], resamples: 400, toolVersion: "0.0.0-test")
}

/// The result of evaluating a classifier on the toy task.
func toyOutcome(
  _ classifier: any Classifier = ToyDensity.bayesClassifier(), id: String = "toy-bayes", task: ToyTask = ToyTask(),
  images: Int = 150, seed: UInt64 = 3, claims: ModelDescription.Claims? = nil, standard: StandardModel? = nil,
  reservations: [RegimeReservation] = []
) throws -> EvaluationOutcome {
  try Evaluation(task: task, configuration: toyConfiguration(images: images, seed: seed)).run(
    EvaluationSubject(
      classifier: classifier, record: toyRecord(id: id), task: "toy", claims: claims, standard: standard,
      reservations: reservations))
}

/// The toy task as if its density were fitted, so that models are compared with a standard.
func fittedToyTask(standards: [RecordedStandard] = []) -> ToyTask {
  var task = ToyTask()
  task.densityIsExact = false
  task.calibration = .none
  task.criteria?.standards = standards
  return task
}

/// All logits are 0.
func uninformedClassifier() -> QuadraticClassifier {
  QuadraticClassifier(inputShape: [1, 4, 6], weights: Matrix(rows: 3, columns: 24))
}
