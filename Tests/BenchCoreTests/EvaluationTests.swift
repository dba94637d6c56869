import Foundation
import JSON
import Synchronization
import Tensor
import Testing

@testable import BenchCore

@Suite struct EvaluationTests {
  @Test func theBayesClassifierComesOutAlignedWithItsOwnNumbers() throws {
    let result = try toyOutcome(images: 300).result
    #expect(result.regime.label == .bayesAligned)
    let evidence = result.regime.evidence
    // Calibrated on these images, not on all there are: as sharp as itself to a few percent.
    #expect(abs((evidence.onManifoldRetention?.value ?? 0) - 1) < 0.1)
    #expect(evidence.accuracyRetention?.value == 1)
    #expect((evidence.sensitivityRatio.value ?? 1) < 1e-5)
    #expect((evidence.specificShare?.value ?? 0) > 0.3)
    #expect(evidence.rule == "v2" && evidence.v2?.open == nil && evidence.v2?.signal.standard == nil)
    #expect(ResultValidation.problems(in: result) == [])
  }

  @Test func aFragileClassifierComesOutWeak() throws {
    let result = try toyOutcome(fragileClassifier(strength: 6), images: 300).result
    #expect(result.regime.label == .weak, "\(result.regime.evidence.sentences)")
    #expect((result.regime.evidence.sensitivityRatio.value ?? 0) >= 1)
  }

  /// Under rule v1 it was excessive; there is nothing that an objective could have cost it.
  @Test(arguments: [[0.0, 0, 0], [1, 0, 0]]) func aConstantClassifierHasNoRegime(biases: [Double]) throws {
    var constant = uninformedClassifier()
    constant.biases = biases
    let result = try toyOutcome(constant, images: 60).result
    #expect(result.regime.label == .indeterminate && result.regime.evidence.leadingLabel == .indeterminate)
    #expect(result.measurements.sensitivity.allSatisfy { $0.onManifold.value == 0 && $0.offManifold.value == 0 })
    let evidence = try #require(result.regime.evidence.v2)
    #expect(evidence.classification.temperatureScale == nil && evidence.classification.holdsIn == 0)
    #expect(evidence.open?.condition == .classification)
    #expect(evidence.sentences.contains { $0.contains("nothing to call a regime") })
    #expect(ResultValidation.problems(in: result) == [])
  }

  /// The bytes of a result but for its provenance.
  private func bytes(_ outcome: EvaluationOutcome) throws -> Data {
    var result = outcome.result
    result.provenance = Provenance(
      toolVersion: "0", createdAt: "2000-01-01T00:00:00Z", elapsedSeconds: 0, host: .init(cpu: "none", threads: 1))
    return try ResultFile.encode(result)
  }

  @Test func neitherBatchNorThreadsChangeAByte() throws {
    let base = fragileClassifier(strength: 2)
    let expected = try toyOutcome(base, images: 130)
    for (batch, threads) in [(1, 1), (7, 2), (64, 1), (64, 2)] {
      var configuration = toyConfiguration(images: 130)
      configuration.threads = threads
      let outcome = try Evaluation(task: ToyTask(), configuration: configuration).run(
        EvaluationSubject(classifier: BatchedClassifier(base: base, batch: batch), record: toyRecord(), task: "toy"))
      #expect(try bytes(outcome) == bytes(expected))
      #expect(outcome.samples == expected.samples)
    }
  }

  @Test func theSeedChangesTheNumbers() throws {
    var configuration = toyConfiguration(images: 30)
    func run() throws -> EvaluationOutcome {
      try Evaluation(task: ToyTask(), configuration: configuration).run(
        EvaluationSubject(classifier: ToyDensity.bayesClassifier(), record: toyRecord()))
    }
    let first = try run()
    configuration.seed = 4
    #expect(try run().samples != first.samples)
  }

  @Test func fittedReferencesAreReportedAsSuch() throws {
    var task = fittedToyTask()
    let result = try toyOutcome(task: task).result
    #expect(result.measurements.bayesAlignment == nil && result.measurements.referenceAlignment?.isEmpty == false)
    // Robust and aligned, but of what the objective cost nothing is known.
    let evidence = try #require(result.regime.evidence.v2)
    #expect(result.regime.label == .indeterminate && evidence.open?.condition == .signal)
    #expect(evidence.signal.standard == nil && result.regime.evidence.accuracyRetention == nil)
    #expect(ResultValidation.problems(in: result) == [])
    task.calibration = .bayes(gate: 0.45)
    #expect(throws: EvaluationError.self) { try toyOutcome(task: task) }
  }

  @Test func recordedStandardsStandForATwin() throws {
    // What the Bayes classifier has itself.
    let task = fittedToyTask(standards: [RecordedStandard("a", parameters: 75, accuracy: 0.88, onManifold: 0.14)])
    let result = try toyOutcome(task: task).result
    let evidence = try #require(result.regime.evidence.v2)
    #expect(result.regime.label == .bayesAligned, "\(evidence.sentences)")
    #expect(evidence.signal.standard?.source == .recorded && evidence.signal.standard?.models == ["a"])
    #expect(abs((result.regime.evidence.accuracyRetention?.value ?? 0) - 1) < 0.05)
    #expect(ResultValidation.problems(in: result) == [])
  }

  /// Accuracy and sensitivity of a standard twin, on the same images along the same directions.
  @Test func aStandardTwinIsMeasuredBesideTheModel() throws {
    let digest = String(repeating: "ab", count: 32)
    func outcome(_ standard: any Classifier, threads: Int = 1) throws -> EvaluationOutcome {
      var configuration = toyConfiguration(images: 130)
      configuration.threads = threads
      return try Evaluation(task: fittedToyTask(), configuration: configuration).run(
        EvaluationSubject(
          classifier: ToyDensity.bayesClassifier(), record: toyRecord(),
          standard: StandardModel(id: "twin", sha256: digest, classifier: standard)))
    }
    let result = try outcome(ToyDensity.bayesClassifier()).result
    let evidence = result.regime.evidence
    #expect(result.regime.label == .bayesAligned, "\(evidence.sentences)")
    for retention in [evidence.accuracyRetention, evidence.onManifoldRetention] {
      // The same images in every resample: compared with itself a model has no uncertainty.
      for number in [retention?.value, retention?.low, retention?.high] { #expect(abs((number ?? 0) - 1) < 1e-9) }
    }
    let standard = try #require(evidence.v2?.signal.standard)
    #expect(standard.source == .measured && standard.models == ["twin"] && standard.sha256 == digest)
    #expect(standard.accuracy == result.measurements.accuracy)
    #expect(standard.onManifold.value == evidence.v2?.signal.onManifold.value)
    #expect(ResultValidation.problems(in: result) == [])

    let fragile = try outcome(fragileClassifier(strength: 2))
    let again = try outcome(BatchedClassifier(base: fragileClassifier(strength: 2), batch: 7), threads: 2)
    #expect(try bytes(again) == bytes(fragile) && again.samples == fragile.samples)
    #expect(fragile.result.regime.evidence.accuracyRetention != evidence.accuracyRetention)
  }

  @Test func standardsThatCannotBeOneAreRefused() throws {
    func attempt(_ standard: any Classifier) throws {
      _ = try toyOutcome(
        task: fittedToyTask(), images: 30, standard: StandardModel(id: "twin", sha256: nil, classifier: standard))
    }
    #expect(throws: EvaluationError.standardDoesNotClassify(model: "twin")) { try attempt(uninformedClassifier()) }
    let binary = QuadraticClassifier(inputShape: [1, 4, 6], weights: Matrix(rows: 2, columns: 24))
    #expect(throws: EvaluationError.wrongClassCount(model: "twin", task: "toy", expected: 3, got: 2)) {
      try attempt(binary)
    }
  }

  @Test func whatStandsAgainstALabelIsInTheResult() throws {
    let assumed = try toyOutcome(reservations: [.assumedNormalisation]).result
    #expect(assumed.regime.label == .bayesAligned && assumed.regime.reservations == [.assumedNormalisation])
    #expect(ResultSummary.verdict(assumed.regime).contains("assumed-normalisation"))
    let unused = try toyOutcome(reservations: [.assumedNormalisation, .unusedTensors]).result
    #expect(unused.regime.label == .indeterminate && unused.regime.evidence.leadingLabel == .bayesAligned)
    #expect(ResultSummary.verdict(unused.regime).contains("no label is given (unused-tensors)"))
    for result in [assumed, unused] { #expect(ResultValidation.problems(in: result) == []) }
  }

  @Test func claimsAreChecked() throws {
    let measured = try toyOutcome().result.measurements.accuracy.value ?? 0
    var claims = ModelDescription.Claims()
    claims.accuracy = measured
    _ = try toyOutcome(claims: claims)
    let unskilled = QuadraticClassifier(inputShape: [1, 4, 6], weights: Matrix(rows: 3, columns: 24, repeating: 0.01))
    #expect {
      try toyOutcome(unskilled, id: "wrong-mean", claims: claims)
    } throws: { error in
      guard case EvaluationError.claimMissed(_, let claimed, let found, 150, let lowest) = error else { return false }
      return claimed == measured && found < lowest && "\(error)".contains("--mean and --std")
        && "\(error)".contains(percent(found)) && "\(error)".contains(percent(measured))
    }
    // A claim about another task says nothing here.
    _ = try Evaluation(task: ToyTask(), configuration: toyConfiguration(images: 30)).run(
      EvaluationSubject(classifier: unskilled, record: toyRecord(), task: "other", claims: claims))
  }

  /// Nothing of a result depends on a claim. The pass that checks it is the one that calibrates the temperature, made in any
  /// case.
  @Test func aClaimCostsNoPassAndChangesNothing() throws {
    let images = 150
    let plain = CountingClassifier(fragileClassifier(strength: 2))
    let expected = try toyOutcome(plain, images: images)
    var claims = ModelDescription.Claims()
    claims.accuracy = expected.result.measurements.accuracy.value
    let claimed = CountingClassifier(fragileClassifier(strength: 2))
    let outcome = try toyOutcome(claimed, images: images, claims: claims)
    #expect(try bytes(outcome) == bytes(expected))
    #expect(outcome.samples == expected.samples)
    #expect(claimed.counts == plain.counts)
    // Four passes make the gradients of all targets; the fifth is that at calibrated temperature. Whether gradients are
    // plausible at all is seen at the first eight images.
    #expect(plain.counts.gradientLogits == images + 8 && plain.counts.gradients == 5 * images + 8)
  }

  @Test func stagesAreThoseThatTakePlace() throws {
    final class Stages: ProgressReporter {
      let seen = Mutex<[String: [Int]]>([:])
      let current = Mutex("")
      func begin(_ stage: String, total: Int) {
        current.withLock { $0 = stage }
        seen.withLock { $0[stage] = [total, 0] }
      }
      func advance(by units: Int) { seen.withLock { $0[current.withLock { $0 }]?[1] += units } }
      func note(_ text: String) {}
    }
    func stages(
      claims: ModelDescription.Claims? = nil, standard: (any Classifier)? = nil
    ) throws -> [String: [Int]] {
      let progress = Stages()
      _ = try Evaluation(task: ToyTask(), configuration: toyConfiguration()).run(
        EvaluationSubject(
          classifier: ToyDensity.bayesClassifier(), record: toyRecord(), task: "toy", claims: claims,
          standard: standard.map { StandardModel(id: "twin", sha256: nil, classifier: $0) }),
        progress: progress)
      return progress.seen.withLock { $0 }
    }
    var claims = ModelDescription.Claims()
    claims.accuracy = 0.5
    let usual = ["accuracy": [150, 150], "measuring": [150, 150]]
    #expect(try stages() == usual)
    #expect(try stages(claims: claims) == usual)
    // The exact Bayes classifier is a better standard than any twin, which is not measured then.
    #expect(try stages(standard: fragileClassifier(strength: 2)) == usual)
  }

  @Test func classifiersThatDoNotFitAreRefused() throws {
    let small = QuadraticClassifier(inputShape: [1, 2, 2], weights: Matrix(rows: 3, columns: 4))
    #expect {
      try toyOutcome(small, id: "small")
    } throws: { error in
      "\(error)".contains("small: takes images [1, 2, 2], but those of task toy are [1, 4, 6]")
    }
    let binary = QuadraticClassifier(inputShape: [1, 4, 6], weights: Matrix(rows: 2, columns: 24))
    #expect(throws: EvaluationError.wrongClassCount(model: "binary", task: "toy", expected: 3, got: 2)) {
      try toyOutcome(binary, id: "binary")
    }
  }

  @Test func theFirstImageThatIsNotFiniteIsNamed() throws {
    let images = try ToyTask().evaluationImages(count: 150, seed: 3).images
    let broken = BrokenClassifier(base: ToyDensity.bayesClassifier(), brokenPixel: images.scalars[70 * 24])
    #expect {
      try toyOutcome(broken)
    } throws: { error in
      "\(error)".contains("logit 1 is nan at image 70")
    }
  }

  @Test func impossibleConfigurationsAreRefused() throws {
    func attempt(_ change: (inout EvaluationConfiguration) -> Void) throws {
      var configuration = toyConfiguration()
      change(&configuration)
      _ = try Evaluation(task: ToyTask(), configuration: configuration).run(
        EvaluationSubject(classifier: ToyDensity.bayesClassifier(), record: toyRecord()))
    }
    #expect(throws: EvaluationError.self) { try attempt { $0.images = 0 } }
    #expect(throws: EvaluationError.self) { try attempt { $0.threads = 0 } }
    #expect(throws: EvaluationError.self) { try attempt { $0.metrics = [] } }
    #expect(throws: EvaluationError.self) { try attempt { $0.seed = .max } }
    #expect(throws: EvaluationError.notEnoughImages(task: "toy", requested: 9000, available: 5000)) {
      try attempt { $0.images = 9000 }
    }
  }

  @Test func stoppingEndsTheWork() throws {
    struct Stop: ProgressReporter {
      func begin(_ stage: String, total: Int) {}
      func advance(by units: Int) throws { throw CancellationError() }
      func note(_ text: String) {}
    }
    #expect(throws: CancellationError.self) {
      try Evaluation(task: ToyTask(), configuration: toyConfiguration()).run(
        EvaluationSubject(classifier: ToyDensity.bayesClassifier(), record: toyRecord()), progress: Stop())
    }
  }

  @Test func fewerTargetsAreReportedWithTheDecisiveOne() throws {
    var configuration = toyConfiguration(images: 20)
    configuration.targets = [.logitSum]
    let result = try Evaluation(task: ToyTask(), configuration: configuration).run(
      EvaluationSubject(classifier: ToyDensity.bayesClassifier(), record: toyRecord())
    ).result
    #expect(result.measurementProtocol.gradientTargets == [.logitSum, .logOddsPredicted])
    #expect(result.measurements.scoreAlignment.map(\.target) == [.logitSum, .logOddsPredicted])
  }
}
