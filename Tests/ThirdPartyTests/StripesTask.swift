import BenchCore
import Foundation
import Tensor

/// Two Gaussian classes of 2 x 2 pixels that differ in the upper row: everything about them is known in closed form.
struct StripesDensity: ClassConditionalDensity {
  static let deviation = 0.2

  let id = "stripes-exact"
  let imageShape: Shape = [1, 2, 2]
  let logPriors = [log(0.5), log(0.5)]

  static func mean(ofClass label: Int, pixel: Int) -> Double { pixel < 2 ? (label == 0 ? 0.3 : 0.7) : 0.5 }

  func logDensities(at images: Tensor, noise: Double) throws -> Matrix {
    try classScores(at: images, noise: noise).logDensities
  }

  func classScores(at images: Tensor, noise: Double) throws -> (logDensities: Matrix, scores: Tensor) {
    let variance = Self.deviation * Self.deviation + noise * noise
    var densities = Matrix(rows: images.batch, columns: 2)
    var scores: [Float] = []
    for image in 0..<images.batch {
      for label in 0..<2 {
        for (pixel, value) in images.item(image).enumerated() {
          let difference = Double(value) - Self.mean(ofClass: label, pixel: pixel)
          densities[image, label] -= difference * difference / (2 * variance) + log(2 * .pi * variance) / 2
          scores.append(Float(-difference / variance))
        }
      }
    }
    return (densities, Tensor(shape: imageShape.prepending(2).prepending(images.batch), scalars: scores))
  }
}

/// What tells the classes apart: the upper row.
struct StripesManifold: Manifold {
  let id = "stripes-exact"
  let dimension = 2

  func tangentBasis(at images: Tensor) throws -> TangentBasis {
    TangentBasis(
      bases: [Tensor(shape: [2, 4], scalars: [1, 0, 0, 0, 0, 1, 0, 0])],
      assignment: [Int](repeating: 0, count: images.batch))
  }
}

struct StripesTask: BenchmarkTask {
  let id = "stripes"
  let version = 1
  let classNames = ["dark", "light"]
  let imageShape: Shape = [1, 2, 2]
  let defaultImageCount = 50
  let manifold: (any Manifold)? = StripesManifold()
  let density: (any ClassConditionalDensity)? = StripesDensity()
  var score: (any Score)? { density.map { DensityScore($0) } }
  let densityIsExact = true
  let calibration = RegimeCalibration.bayes(gate: 0.45)
  let criteria: RegimeCriteria? = RegimeCriteria(
    robustRatio: 1, specificShare: 0.25, cosine: 0.45, densityAccuracy: 0.85, tells: "nothing")
  let protocolConstants = ProtocolConstants(
    stepSizes: [0.1, 0.2], wideStep: 0.2, smallStep: 0.1, scoreNoises: [0.3], alignmentNoises: [0.1],
    decisiveNoise: 0.1, robustnessNoise: 0.01)
  let quality: ReferenceQuality? = ReferenceQuality(
    heldOutLogLikelihood: nil, accuracy: 0.9, images: 1000, manifoldDimension: 2)

  func evaluationImages(count: Int, seed: UInt64) throws -> ImageSet {
    guard count <= 1000 else {
      throw EvaluationError.notEnoughImages(task: id, requested: count, available: 1000)
    }
    let stream = RandomStream(seed: seed, name: id)
    let labels = (0..<count).map { $0 % 2 }
    let pixels = labels.enumerated().flatMap { image, label in
      stream.normals(item: image, count: 4).enumerated().map { pixel, normal in
        Float(StripesDensity.mean(ofClass: label, pixel: pixel) + StripesDensity.deviation * normal)
      }
    }
    return ImageSet(
      name: id, split: "generated", images: Tensor(shape: imageShape.prepending(count), scalars: pixels),
      labels: labels, signalMask: SignalMask([true, true, false, false], count: count))
  }
}

struct StripesPlugin: TaskPlugin {
  let id = "stripes"
  let summary = "two Gaussian classes that differ in the upper row"
  let dataRequirement: String? = nil

  func make(_ options: TaskOptions) throws -> any BenchmarkTask { StripesTask() }
}
