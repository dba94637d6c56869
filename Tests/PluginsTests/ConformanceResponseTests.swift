import BenchCore
import Foundation
import Tensor
import Testing
import _TestSupport

/// What `ModelConformance` says about networks that are sound functions and give measurements nothing to see.
@Suite struct ConformanceResponseTests {
  private let images = ConformanceFixtures.uniformImages(9, [1, 3, 4])

  @Test func soundModelPassesEverything() {
    let outcome = ModelConformance.outcome(
      ToyClassifier(flaw: nil), alike: ToyClassifier(flaw: nil), subject: "toy", images: images)
    #expect(outcome.passed && outcome.checks.allSatisfy { $0.status == .passed }, "\(outcome.checks)")
    #expect(outcome.checks.map(\.requirement) == ModelConformance.requirements)
  }

  @Test("unresponsive models fail with the reason", arguments: UnresponsiveClassifier.Flaw.allCases)
  func unresponsive(flaw: UnresponsiveClassifier.Flaw) throws {
    let outcome = ModelConformance.outcome(UnresponsiveClassifier(flaw: flaw), subject: "toy", images: images)
    let check = try #require(outcome.failures.first { $0.requirement == flaw.violated }, "\(outcome.failures)")
    #expect(check.findings.count == 1 && check.requirement.advice != nil)
    // The suite of code conformance has nothing against them, except where the gradient is wrong too.
    let others = outcome.failures.map(\.requirement).filter { $0 != flaw.violated }
    #expect(others.isEmpty || others == [.derivative], "\(others)")
  }

  @Test func aFewSaturatedImagesAreRemarkedOn() throws {
    let logits = try ToyClassifier(flaw: nil).logits(images)
    let margins = (0..<9).map { image in
      let sorted = logits.item(image).sorted(by: >)
      return sorted[0] - sorted[1]
    }.sorted()
    let model = UnresponsiveClassifier(flaw: nil, scale: 104 / margins[4])
    let outcome = ModelConformance.outcome(model, subject: "toy", images: images)
    let saturation = outcome.checks.first { $0.requirement == .saturation }
    #expect(outcome.passed && saturation?.status == .remarked, "\(outcome.checks)")
  }

  @Test("other last digits are remarked on where rounding is allowed, and more is a failure")
  func rounding() {
    func status(_ factor: Float, allowsRounding: Bool) -> [ConformanceRequirement: ConformanceOutcome.Status] {
      let outcome = ModelConformance.outcome(
        BatchScaledClassifier(factor: factor), subject: "toy", images: images, allowsRounding: allowsRounding)
      return Dictionary(uniqueKeysWithValues: outcome.checks.map { ($0.requirement, $0.status) })
    }
    #expect(status(1 + 1e-6, allowsRounding: false)[.batchInvariance] == .failed)
    let allowed = status(1 + 1e-6, allowsRounding: true)
    #expect(allowed[.batchInvariance] == .remarked && !allowed.values.contains(.failed), "\(allowed)")
    #expect(status(1.01, allowsRounding: true)[.batchInvariance] == .failed)
  }

  @Test func anotherModelUnderOtherSettingsFails() {
    let outcome = ModelConformance.outcome(
      ToyClassifier(flaw: nil), alike: ToyClassifier(flaw: .wrongScale), subject: "toy", images: images)
    #expect(outcome.failures.map(\.requirement) == [.threads])
  }

  @Test func whatFollowsAFailureIsSkipped() {
    let outcome = ModelConformance.outcome(ToyClassifier(flaw: .wrongShape), subject: "toy", images: images)
    #expect(outcome.failures.map(\.requirement) == [.shape])
    #expect(outcome.checks.first { $0.requirement == .derivative }?.status == .skipped)
  }
}

/// The toy with logits that do not move, or move too much.
struct UnresponsiveClassifier: Classifier {
  enum Flaw: String, CaseIterable, Sendable {
    case constant, deadClass, saturated, noGradient

    var violated: ConformanceRequirement {
      switch self {
      case .constant: .constantLogits
      case .deadClass: .deadLogits
      case .saturated: .saturation
      case .noGradient: .zeroGradients
      }
    }
  }

  let flaw: Flaw?
  var scale: Float = 1
  private let toy = ToyClassifier(flaw: nil)
  var inputShape: Shape { toy.inputShape }
  var classCount: Int { toy.classCount }

  init(flaw: Flaw?, scale: Float = 1) {
    self.flaw = flaw
    self.scale = flaw == .saturated ? 1e6 : scale
  }

  /// What a logit is multiplied with.
  private var factors: [Float] {
    switch flaw {
    case .constant: [0, 0, 0]
    case .deadClass: [1, 0, 1]
    default: [scale, scale, scale]
    }
  }

  func logits(_ images: Tensor) throws -> Tensor {
    let logits = try toy.logits(images)
    return Tensor(
      shape: logits.shape, scalars: logits.scalars.enumerated().map { $1 * factors[$0 % 3] + 0.25 })
  }

  func inputGradients(
    at images: Tensor, cotangents: @Sendable (Tensor, Range<Int>) throws -> [Tensor]
  ) throws -> (logits: Tensor, gradients: [Tensor]) {
    let logits = try logits(images)
    let vectors = try cotangents(logits, 0..<images.batch)
    let (factors, isZero) = (self.factors, flaw == .noGradient)
    let gradients = try toy.inputGradients(at: images) { _, _ in
      vectors.map { vector in
        Tensor(shape: vector.shape, scalars: vector.scalars.enumerated().map { isZero ? 0 : $1 * factors[$0 % 3] })
      }
    }.gradients
    return (logits, gradients)
  }
}

/// A sound classifier whose numbers are scaled by `factor` where an image is alone.
private struct BatchScaledClassifier: Classifier {
  let factor: Float
  private let base = ToyClassifier(flaw: nil)
  var inputShape: Shape { base.inputShape }
  var classCount: Int { base.classCount }

  func logits(_ images: Tensor) throws -> Tensor { scaled(try base.logits(images), images.batch) }

  func inputGradients(
    at images: Tensor, cotangents: @Sendable (Tensor, Range<Int>) throws -> [Tensor]
  ) throws -> (logits: Tensor, gradients: [Tensor]) {
    let result = try base.inputGradients(at: images) { logits, range in
      try cotangents(scaled(logits, images.batch), range)
    }
    return (scaled(result.logits, images.batch), result.gradients.map { scaled($0, images.batch) })
  }

  private func scaled(_ tensor: Tensor, _ batch: Int) -> Tensor {
    batch == 1 ? Tensor(shape: tensor.shape, scalars: tensor.scalars.map { $0 * factor }) : tensor
  }
}
