import Foundation
import Tensor
import Testing

@testable import BenchCore

/// A second reference beside the task's density: whose answer counts, and what it changes.
@Suite struct SecondReferenceTests {
  private func alignment(_ verdict: RegimeVerdict) throws -> RegimeEvidenceV2.SecondAlignment {
    try #require(verdict.evidence.v2?.alignment.second)
  }

  @Test func twoThatAgreeDecide() throws {
    let aligned = try RuleV2Case(second: .init()).verdict()
    #expect(aligned.label == .bayesAligned && aligned.confidence == 1)
    let second = try alignment(aligned)
    #expect(second.decides == .both && second.holdsIn == 1 && second.disagreesIn == 0 && second.id == "second")
    #expect(abs((second.share.value ?? 0) - 0.5) < 0.02)
    let neither = try RuleV2Case(share: 0.05, second: .init(share: 0.05)).verdict()
    #expect(neither.label == .weak)
    #expect(try alignment(neither).failsIn == 1)
  }

  @Test(arguments: [(0.5, 0.05), (0.05, 0.5)])
  func twoOfComparableQualityThatDisagreeLeaveItOpen(_ own: Double, _ other: Double) throws {
    let verdict = try RuleV2Case(share: own, second: .init(share: other)).verdict()
    #expect(verdict.label == .indeterminate)
    let open = try #require(verdict.evidence.v2?.open)
    #expect(open.condition == .alignment && open.settledBy.contains("disagree") && open.settledBy.contains("second"))
    #expect(try alignment(verdict).disagreesIn == 1)
    #expect(verdict.evidence.sentences.contains { $0.contains("only what both say counts") })
  }

  @Test func aPoorReferenceIsNotAsked() throws {
    // Above chance 0.1 it has less than 0.8 of the density's.
    let poor = try RuleV2Case(second: .init(accuracy: 0.6, share: 0.05)).verdict()
    #expect(poor.label == .bayesAligned)
    #expect(try alignment(poor).decides == .density)
    let comparable = try RuleV2Case(second: .init(accuracy: 0.8, share: 0.05)).verdict()
    #expect(comparable.label == .indeterminate)
  }

  @Test func aFarBetterReferenceDecides() throws {
    let verdict = try RuleV2Case(densityAccuracy: 0.3, second: .init(accuracy: 0.9, share: 0.05)).verdict()
    #expect(verdict.label == .weak)
    #expect(try alignment(verdict).decides == .second)
  }

  @Test func nothingIsBetterThanTheExactDensity() throws {
    let verdict = try RuleV2Case.exact { $0.second = .init(accuracy: 0.95, share: 0.05) }.verdict()
    #expect(verdict.label == .bayesAligned)
    #expect(try alignment(verdict).decides == .density)
  }

  /// What no gate is asked of: a second reference has no exact density's cosine.
  @Test func missingColumnsAreNamed() throws {
    var entry = RuleV2Case()
    let samples = entry.samples
    entry.second = .init()
    let means = Bootstrap(imageCount: RuleV2Case.images, resamples: 100, seed: 0).means(of: samples)
    #expect(throws: RegimeRuleError.self) { try RegimeRule.verdict(from: means, entry.inputs) }
  }

  // MARK: Measured

  /// The toy density's own posterior score at a noise, perhaps of other images than those asked for.
  struct ToyPosteriorScore: PosteriorScore {
    let id = "toy-posterior"
    let noise = 0.5
    var classCount = ToyDensity().classCount
    var learned: LearnedReference? = ReferencedTaskTests.learned
    let fingerprint: String? = nil
    private var classifier: DensityClassifier { DensityClassifier(ToyDensity(), noise: noise) }

    func posteriorScore(ofClasses classes: [Int], at images: Tensor) throws -> Tensor {
      let target = GradientTarget.logOddsPredicted
      return try #require(
        classifier.checkedGradients(
          of: [target], at: images, predicted: classes, labels: classes, owner: id, firstImage: 0
        ).gradients[target])
    }

    func predictions(at images: Tensor, range: Range<Int>, seed: UInt64) throws -> [Int] {
      try classifier.logits(images).argmaxOfRows()
    }
  }

  private func outcome(_ task: any BenchmarkTask) throws -> EvaluationOutcome {
    try Evaluation(task: task, configuration: toyConfiguration(images: 60)).run(
      EvaluationSubject(classifier: fragileClassifier(strength: 2), record: toyRecord(), task: "toy"))
  }

  /// A reference that is the task's own gives the same numbers, and the result says that it was there.
  @Test func itIsMeasuredAsTheDensityIs() throws {
    let plain = try outcome(ToyTask())
    let beside = try outcome(ReferencedTask(ToyTask(), secondReference: ToyPosteriorScore()))
    let (own, second) = (
      try #require(beside.result.measurements.imageAlignment),
      try #require(beside.result.measurements.secondImageAlignment)
    )
    #expect(second.noise == 0.5 && own.noise == 0.5)
    for (one, other) in [
      (own.whole, second.whole), (own.beyondImage, second.beyondImage), (own.specific, second.specific),
    ] { #expect(abs((one.value ?? .nan) - (other.value ?? .nan)) < 1e-5) }
    let record = try #require(beside.result.task.secondReference)
    #expect(record.id == "toy-posterior" && record.learned == ReferencedTaskTests.learned)
    #expect(!beside.result.task.hasOwnReferences && plain.result.task.hasOwnReferences)
    #expect(ResultValidation.problems(in: beside.result) == [])
    #expect(ResultSummary.text(beside.result).contains("by the second reference"))
    // Everything else is as without it.
    #expect(plain.result.measurements.imageAlignment == own)
    #expect(plain.result.regime.label == beside.result.regime.label)
    let read = try SampleFiles.read(SampleFile.encode(beside))
    #expect(try Reclassification.outcome(beside.result, read).result == beside.result)
  }

  @Test func anotherNumberOfClassesIsRefused() throws {
    #expect(throws: EvaluationError.self) {
      try ReferencedTask(ToyTask(), secondReference: ToyPosteriorScore(classCount: 77))
    }
  }
}
