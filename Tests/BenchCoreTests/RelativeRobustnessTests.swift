import Foundation
import Tensor
import Testing

@testable import BenchCore

@Suite struct RelativeRobustnessTests {
  private static let draws = 4000

  private struct Definitions {
    var plain: Double
    var controlled: Double
    var second: Double
  }

  /// rho1 at one image from many draws, without and with the control variate, and rho2 from the gradient.
  private func definitions(
    _ classifier: QuadraticClassifier, sigma: Double, draws: Int = Self.draws
  ) throws -> Definitions {
    let stream = RandomStream(seed: 6, name: "theorem")
    let image = Tensor(shape: [1, 1, 4, 6], scalars: stream.uniforms(item: 1, count: 24).map { Float($0) })
    let space = try ToyManifold().tangentBasis(at: image)
    let gradient = try classifier.inputGradient(.logitPredicted, at: image)
    let responses = try RelativeRobustness.responses(
      Responses(classifier: classifier, images: image, firstImage: 0), logits: gradient.logits,
      predicted: gradient.logits.argmaxOfRows(), gradients: gradient.gradient, tangentSpace: space,
      draws: draws,
      displacements: { draws in
        Tensor.normals(
          RandomStream(seed: 6, name: "draws"), range: 0..<1, itemShape: [1, 4, 6], draws: draws, scale: sigma)
      }, noise: sigma)
    let energies = RelativeRobustness.gradientEnergies(gradient.gradient, tangentSpace: space)
    return Definitions(
      plain: responses.offManifold.plain[0] / responses.all.plain[0],
      controlled: responses.offManifold.controlled[0] / responses.all.controlled[0],
      second: energies.off[0] / energies.all[0])
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
    #expect(abs(large.plain - large.second) > 0.1 * large.second)
    #expect(abs(small.plain - small.second) < 0.05 * small.second)
  }

  @Test(arguments: [0.01, 0.1, 1]) func forALinearClassifierTheyAgreeAtAnyNoise(sigma: Double) throws {
    let result = try definitions(curved(0), sigma: sigma)
    #expect(abs(result.plain - result.second) < 0.05 * result.second)
  }

  /// The control variate leaves the expectation as it is, far from linearity too, and takes all sampling error of what is
  /// linear: then a single draw tells definition 2.
  @Test func theControlVariateChangesNoExpectation() throws {
    for sigma in [0.05, 0.5] {
      let result = try definitions(curved(8), sigma: sigma)
      #expect(abs(result.controlled - result.plain) < 0.05 * result.plain)
    }
    let linear = try definitions(curved(0), sigma: 0.1, draws: 1)
    #expect(abs(linear.controlled - linear.second) < 1e-3 * linear.second)
    #expect(abs(linear.plain - linear.second) > 0.05 * linear.second)
  }

  @Test func aBayesClassifierHasNone() throws {
    let robustness = try #require(try toyOutcome().result.measurements.relativeRobustness)
    #expect((robustness.definition1.value ?? 1) < 1e-6)
    #expect(robustness.definition2.value == 0)
    #expect(abs(robustness.chance - 16.0 / 24) < 1e-12)
  }

  @Test func aFragileClassifierHasSome() throws {
    let robustness = try #require(
      try toyOutcome(fragileClassifier(strength: 6)).result.measurements.relativeRobustness)
    let first = try #require(robustness.definition1.value)
    let pooled = try #require(robustness.definition2.pooled.value)
    #expect(first > 0.3)
    // The classifier is linear, so definition 1 is its limit, and the control variate leaves no sampling error.
    #expect(abs(first - pooled) < 1e-3 * pooled)
  }

  /// Of a classifier whose gradient says nothing of its responses the plain means count.
  @Test func aUselessGradientIsNotUsed() throws {
    struct Masked: Classifier {
      let base = fragileClassifier(strength: 6)
      var inputShape: Shape { base.inputShape }
      var classCount: Int { base.classCount }
      func logits(_ images: Tensor) throws -> Tensor { try base.logits(images) }
      func inputGradients(
        at images: Tensor, cotangents: @Sendable (_ logits: Tensor, _ range: Range<Int>) throws -> [Tensor]
      ) throws -> (logits: Tensor, gradients: [Tensor]) {
        let result = try base.inputGradients(at: images, cotangents: cotangents)
        let noise = RandomStream(seed: 8, name: "masked")
        return (
          result.logits,
          result.gradients.map { gradient in
            Tensor(
              shape: gradient.shape,
              scalars: (0..<gradient.batch).flatMap { image in
                noise.normals(item: image, count: gradient.stride).map { Float(1000 * $0) }
              })
          }
        )
      }
    }
    let outcome = try toyOutcome(Masked())
    let reported = try #require(outcome.result.measurements.relativeRobustness).definition1
    let plain = try toyOutcome(fragileClassifier(strength: 6))
    func mean(_ name: String) -> Double {
      let values = plain.samples[name] ?? []
      return values.reduce(0, +) / Double(values.count)
    }
    let expected = mean(SampleColumn.offManifoldResponse) / mean(SampleColumn.response)
    #expect(abs((reported.value ?? 0) - expected) < 1e-9)
    #expect(reported.estimator == .plain)
    #expect(plain.result.measurements.relativeRobustness?.definition1.estimator == .controlVariate)
    #expect(ResultValidation.problems(in: outcome.result) == [])
  }
}
