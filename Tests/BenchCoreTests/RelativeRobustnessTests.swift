import Foundation
import Tensor
import Testing

@testable import BenchCore

@Suite struct RelativeRobustnessTests {
  private static let draws = 4000

  /// rho1 at one image from many draws, and rho2 from the gradient.
  private func definitions(_ classifier: QuadraticClassifier, sigma: Double) throws -> (first: Double, second: Double) {
    let stream = RandomStream(seed: 6, name: "theorem")
    let image = Tensor(shape: [1, 1, 4, 6], scalars: stream.uniforms(item: 1, count: 24).map { Float($0) })
    let space = try ToyManifold().tangentBasis(at: image)
    let logits = try classifier.logits(image)
    let predicted = logits.argmaxOfRows()
    let responses = try RelativeRobustness.responses(
      Responses(classifier: classifier, images: image, firstImage: 0), logits: logits, predicted: predicted,
      tangentSpace: space,
      displacements: Tensor.normals(
        RandomStream(seed: 6, name: "draws"), range: 0..<1, itemShape: [1, 4, 6], repetitions: Self.draws, scale: sigma)
    )
    let gradient = try classifier.inputGradient(.logitPredicted, at: image).gradient
    let energies = RelativeRobustness.gradientEnergies(gradient, tangentSpace: space)
    return (responses.offManifold[0] / responses.all[0], energies.off[0] / energies.all[0])
  }

  private func curved(_ curvature: Double) -> QuadraticClassifier {
    let weights = RandomStream(seed: 7, name: "weights").normals(item: 0, count: 72)
    return QuadraticClassifier(
      inputShape: [1, 4, 6], weights: Matrix(rows: 3, columns: 24, scalars: weights),
      curvatures: [curvature, -curvature, curvature])
  }

  /// Theorem 3.1: rho1 tends to rho2 as sigma tends to 0. The error falls with sigma^2 down to the sampling error of
  /// about 2 / sqrt(draws) = 3 %.
  @Test func definition1TendsToDefinition2() throws {
    let large = try definitions(curved(8), sigma: 0.5)
    let small = try definitions(curved(8), sigma: 0.005)
    #expect(abs(large.first - large.second) > 0.1 * large.second)
    #expect(abs(small.first - small.second) < 0.05 * small.second)
  }

  @Test(arguments: [0.01, 0.1, 1]) func forALinearClassifierTheyAgreeAtAnyNoise(sigma: Double) throws {
    let result = try definitions(curved(0), sigma: sigma)
    #expect(abs(result.first - result.second) < 0.05 * result.second)
  }

  @Test func aBayesClassifierHasNone() throws {
    let robustness = try toyOutcome().result.measurements.relativeRobustness
    #expect((robustness.definition1.value ?? 1) < 1e-6)
    #expect(robustness.definition2.value == 0)
    #expect(abs(robustness.chance - 16.0 / 24) < 1e-12)
  }

  @Test func aFragileClassifierHasSome() throws {
    let robustness = try toyOutcome(fragileClassifier(strength: 6)).result.measurements.relativeRobustness
    let first = try #require(robustness.definition1.value)
    let pooled = try #require(robustness.definition2.pooled.value)
    #expect(first > 0.3)
    // The classifier is linear, so definition 1 is its limit but for 600 draws' sampling error.
    #expect(abs(first - pooled) < 0.1 * pooled)
  }
}
