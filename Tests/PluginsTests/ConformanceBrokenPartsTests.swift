import BenchCore
import Foundation
import Tensor
import Testing
import _Fixtures
import _TestSupport

@testable import Mixtures

/// That broken manifolds, scores, densities and metrics are reported.
@Suite struct ConformanceBrokenPartsTests {
  private let mixture: FactorMixture
  private let images: Tensor

  init() throws {
    mixture = try MixtureFixtures.known()
    images = try MixtureFixtures.dataset(6, split: "conformance").prefix(6).images
  }

  @Test func soundOnesConform() {
    expectNone(
      ManifoldConformance.problems(MixtureManifold(mixture: mixture, dimension: 2, threads: 1), images: images))
    expectNone(
      ScoreConformance.problems(
        DensityScore(mixture), images: images, noises: [0.1, 0.5], logDensity: ConformanceFixtures.logMarginal(mixture))
    )
    expectNone(DensityConformance.problems(mixture, images: images, noises: [0, 0.1, 0.5]))
  }

  @Test("broken manifolds are reported", arguments: BrokenManifold.Flaw.allCases)
  func manifold(flaw: BrokenManifold.Flaw) {
    expect(flaw.violated, in: ManifoldConformance.problems(BrokenManifold(flaw: flaw), images: images))
  }

  @Test("broken scores are reported", arguments: BrokenScore.Flaw.allCases)
  func score(flaw: BrokenScore.Flaw) {
    let score = BrokenScore(flaw: flaw, score: DensityScore(mixture))
    expect(
      flaw.violated,
      in: ScoreConformance.problems(
        score, images: images, noises: [0.1], logDensity: ConformanceFixtures.logMarginal(mixture)))
  }

  @Test("without a density, a score of the wrong sign still is noticed")
  func signAlone() {
    let score = BrokenScore(flaw: .wrongSign, score: DensityScore(mixture))
    expect(.denoising, in: ScoreConformance.problems(score, images: images, noises: [0.1]))
  }

  @Test("broken densities are reported", arguments: BrokenDensity.Flaw.allCases)
  func density(flaw: BrokenDensity.Flaw) {
    let density = BrokenDensity(flaw: flaw, density: mixture)
    expect(flaw.violated, in: DensityConformance.problems(density, images: images, noises: [0.1, 0.5]))
  }

  @Test("broken metrics are reported")
  func metrics() {
    expect(.scaleInvariance, in: MetricConformance.problems(InnerProduct()))
    expect(.selfAlignment, in: MetricConformance.problems(Dissimilarity()))
    expect(.undefined, in: MetricConformance.problems(ZeroWhereUndefined()))
    expect(.batchInvariance, in: MetricConformance.problems(CentredCosine()))
    expect(.declaration, in: MetricConformance.problems(Dissimilarity(id: "Dissimilarity_1")))
  }
}

/// The first two pixels as tangent directions of 1 x 4 x 5 images.
struct BrokenManifold: Manifold {
  enum Flaw: String, CaseIterable, Sendable {
    case notOrthogonal, notNormal, batchDependent, moreThanSaid, wrongSize, missingImage, badName

    var violated: ConformanceRequirement {
      switch self {
      case .notOrthogonal, .notNormal: .orthonormality
      case .batchDependent: .batchInvariance
      case .moreThanSaid, .badName: .declaration
      case .wrongSize, .missingImage: .shape
      }
    }
  }

  let flaw: Flaw
  var id: String { flaw == .badName ? "Two Pixels" : "two-pixels" }
  var dimension: Int { flaw == .moreThanSaid ? 1 : 2 }

  func tangentBasis(at images: Tensor) throws -> TangentBasis {
    let d = flaw == .wrongSize ? 19 : 20
    var rows = [Float](repeating: 0, count: 2 * d)
    rows[0] = 1
    rows[d + (flaw == .batchDependent ? images.batch : 1)] = flaw == .notNormal ? 1.01 : 1
    if flaw == .notOrthogonal { rows[d] = 0.01 }
    let count = flaw == .missingImage ? max(0, images.batch - 1) : images.batch
    return TangentBasis(
      bases: [Tensor(shape: [2, d], scalars: rows)], assignment: [Int](repeating: 0, count: count))
  }
}

struct BrokenScore: Score {
  enum Flaw: String, CaseIterable, Sendable {
    case wrongSign, wrongNoise, wrongScale, batchDependent, nan

    var violated: ConformanceRequirement {
      switch self {
      case .wrongSign, .wrongNoise, .wrongScale: .derivative
      case .batchDependent: .batchInvariance
      case .nan: .finite
      }
    }
  }

  let flaw: Flaw
  let score: DensityScore
  var id: String { score.id }

  func score(at images: Tensor, noise: Double) throws -> Tensor {
    var result = try score.score(at: images, noise: flaw == .wrongNoise ? 1.1 * noise : noise)
    result.scalars = result.scalars.map { value in
      switch flaw {
      case .wrongSign: -value
      case .wrongScale: 1.1 * value
      case .batchDependent: value + Float(images.batch)
      case .nan, .wrongNoise: value
      }
    }
    if flaw == .nan, images.batch > 0 { result.scalars[0] = .nan }
    return result
  }
}

struct BrokenDensity: ClassConditionalDensity {
  enum Flaw: String, CaseIterable, Sendable {
    case priors, wrongClassScores, wrongCombination, ignoresNoise, otherLogDensities, batchDependent, nan

    var violated: ConformanceRequirement {
      switch self {
      case .priors: .normalisation
      case .wrongClassScores: .derivative
      case .wrongCombination, .otherLogDensities: .consistency
      case .ignoresNoise: .noise
      case .batchDependent: .batchInvariance
      case .nan: .finite
      }
    }
  }

  let flaw: Flaw
  let density: FactorMixture
  var id: String { density.id }
  var imageShape: Shape { density.imageShape }
  var logPriors: [Double] { density.logPriors.map { flaw == .priors ? $0 + 0.1 : $0 } }

  private func used(_ noise: Double) -> Double { flaw == .ignoresNoise ? 0.1 : noise }

  func logDensities(at images: Tensor, noise: Double) throws -> Matrix {
    var result = try density.logDensities(at: images, noise: used(noise))
    if flaw == .batchDependent { result.scalars = result.scalars.map { $0 + 1e-9 * Double(images.batch) } }
    if flaw == .nan, images.batch > 0 { result.scalars[1] = .nan }
    return result
  }

  func classScores(at images: Tensor, noise: Double) throws -> (logDensities: Matrix, scores: Tensor) {
    var scores = try density.classScores(at: images, noise: used(noise)).scores
    if flaw == .wrongClassScores {
      for index in scores.scalars.indices where index % 40 < 20 { scores.scalars[index] *= 1.2 }
    }
    var logDensities = try logDensities(at: images, noise: noise)
    if flaw == .otherLogDensities { logDensities.scalars = logDensities.scalars.map { $0.nextUp } }
    return (logDensities, scores)
  }

  func combinedGradients(
    _ gradient: ClassGradient, at images: Tensor, noise: Double, weights: (Matrix) throws -> [Matrix]
  ) throws -> (logDensities: Matrix, gradients: [Tensor]) {
    let (logDensities, scores) = try classScores(at: images, noise: noise)
    let factor: Double = flaw == .wrongCombination ? 1.01 : 1
    let gradients = try weights(logDensities).map { weights in
      Tensor(
        shape: images.shape,
        scalars: (0..<images.batch * 20).map { index in
          let (image, pixel) = (index / 20, index % 20)
          return Float(
            (0..<2).reduce(0.0) {
              $0 + factor * weights[image, $1] * Double(scores.scalars[(image * 2 + $1) * 20 + pixel])
            })
        })
    }
    return (logDensities, gradients)
  }
}

private func cosines(_ first: Tensor, _ second: Tensor) -> [Double] { cosineSimilarities(first, second) }

struct InnerProduct: AlignmentMetric {
  let id = "inner-product"
  func compare(_ gradients: Tensor, _ references: Tensor) -> [Double] {
    (0..<gradients.batch).map { image in
      zip(gradients.item(image), references.item(image)).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
  }
}

struct Dissimilarity: AlignmentMetric {
  var id = "dissimilarity"
  func compare(_ gradients: Tensor, _ references: Tensor) -> [Double] { cosines(gradients, references).map { 1 - $0 } }
}

struct ZeroWhereUndefined: AlignmentMetric {
  let id = "zero"
  func compare(_ gradients: Tensor, _ references: Tensor) -> [Double] {
    cosines(gradients, references).map { $0.isNaN ? 0 : $0 }
  }
}

/// Subtracts the mean over the batch.
struct CentredCosine: AlignmentMetric {
  let id = "centred-cosine"
  func compare(_ gradients: Tensor, _ references: Tensor) -> [Double] {
    let values = cosines(gradients, references)
    let mean = values.reduce(0, +) / Double(max(1, values.count))
    return values.map { $0 - mean }
  }
}
