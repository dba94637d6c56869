import Foundation
import JSON
import Testing

@testable import BenchCore

@Suite struct ReclassificationTests {
  /// Written as `evaluate` does and read again.
  private func stored(_ outcome: EvaluationOutcome) throws -> SampleFile {
    try SampleFiles.read(SampleFile.encode(outcome))
  }

  @Test func theSameRuleGivesTheSameVerdict() throws {
    for outcome in [
      try toyOutcome(images: 60), try toyOutcome(fragileClassifier(strength: 2), images: 60),
      try toyOutcome(uninformedClassifier(), images: 60, reservations: [.unusedTensors]),
    ] {
      let again = try Reclassification.outcome(outcome.result, stored(outcome))
      #expect(again.result == outcome.result && again.inputs == outcome.inputs)
    }
  }

  @Test func ruleV1AppliesToTheSameSamples() throws {
    let outcome = try toyOutcome(images: 150)
    let result = try Reclassification.outcome(outcome.result, stored(outcome), version: "v1").result
    #expect(result.regime.label == .bayesAligned && result.measurementProtocol.rule == "v1")
    let evidence = try #require(result.regime.evidence.v1)
    #expect(abs((evidence.onManifoldRetention.ratio?.value ?? 0) - 1) < 1e-4)
    #expect(ResultValidation.problems(in: result) == [])
    // Nothing else changes, and back it is what it was.
    var back = result
    (back.regime, back.measurementProtocol.rule) = (outcome.result.regime, "v2")
    #expect(back == outcome.result)
    #expect(try Reclassification.outcome(result, stored(outcome), version: "v2").result == outcome.result)
    #expect(throws: RegimeRuleError.unknownVersion("v9")) {
      try Reclassification.outcome(outcome.result, stored(outcome), version: "v9")
    }
  }

  /// A model that rule v1 calls excessive because all its logits are alike.
  @Test func whatRuleV1SaidOfAConstant() throws {
    let outcome = try toyOutcome(uninformedClassifier(), images: 60)
    #expect(
      try Reclassification.outcome(outcome.result, stored(outcome), version: "v1").result.regime.label == .excessive)
    #expect(outcome.result.regime.label == .indeterminate)
  }

  // MARK: Samples from before rule v2

  private func old(_ outcome: EvaluationOutcome) throws -> (result: EvaluationResult, file: SampleFile) {
    let result = try Reclassification.outcome(outcome.result, stored(outcome), version: "v1").result
    let columns = outcome.samples.namedColumns.filter { column in
      !["calibrated", "image-alignment/", "density/"].contains { column.name.hasPrefix($0) }
    }
    let file = try SampleFiles.read(SampleFile.encode(SampleTable(columns), nil, of: result))
    #expect(file.inputs == nil)
    return (result, file)
  }

  @Test func oldSamplesAreJudgedByRuleV1() throws {
    // Exact, where A tells the number of classes and where it does not; and fitted.
    for outcome in [
      try toyOutcome(fragileClassifier(strength: 6)), try toyOutcome(), try toyOutcome(task: fittedToyTask()),
    ] {
      let (result, file) = try old(outcome)
      let again = try Reclassification.outcome(result, file, version: "v1").result
      #expect(
        again.regime.label == result.regime.label && again.regime.evidence.shares == result.regime.evidence.shares)
      #expect(again.regime.evidence.sentences == result.regime.evidence.sentences)
    }
  }

  @Test func oldSamplesDoNotHaveWhatRuleV2Needs() throws {
    let (result, file) = try old(toyOutcome())
    #expect(throws: RegimeRuleError.missingColumn(SampleColumn.densityCorrect, version: "v2")) {
      try Reclassification.outcome(result, file, version: "v2")
    }
    #expect {
      try Reclassification.outcome(result, file)
    } throws: { error in
      "\(error)".contains("`density/correct`") && "\(error)".contains("evaluate the model again")
    }
  }

  @Test func aResultOfRuleV2NeedsItsInputs() throws {
    let outcome = try toyOutcome(images: 30)
    for version in RegimeRule.versions {
      #expect(throws: ReclassificationError.noInputs(model: "toy-bayes")) {
        try Reclassification.outcome(
          outcome.result, SampleFile(samples: outcome.samples, inputs: nil), version: version)
      }
    }
  }

  // MARK: What does not belong together

  @Test func anotherNumberOfImagesIsRefused() throws {
    let (outcome, fewer) = (try toyOutcome(images: 40), try toyOutcome(images: 30))
    #expect(throws: ReclassificationError.otherSamples(model: "toy-bayes", expected: 40, got: 30)) {
      try Reclassification.outcome(outcome.result, stored(fewer))
    }
  }

  /// Measured with the model, or from its own evaluation: the same.
  @Test func aStandardOfItsOwnEvaluationIsThatMeasuredWithTheModel() throws {
    let digest = String(repeating: "cd", count: 32)
    let task = fittedToyTask()
    let model = try toyOutcome(fragileClassifier(strength: 2), id: "model", task: task)
    var twin = try toyOutcome(id: "twin", task: task)
    var result = twin.result
    result.model.checkpoint = .init(file: "twin.pt", sha256: digest, bytes: 1, format: "pytorch-zip")
    twin = EvaluationOutcome(result: result, samples: twin.samples, inputs: twin.inputs)
    let together = try toyOutcome(
      fragileClassifier(strength: 2), id: "model", task: task,
      standard: StandardModel(id: "twin", sha256: digest, classifier: ToyDensity.bayesClassifier()))

    let later = try Reclassification.outcome(
      model.result, stored(model), standard: (result: twin.result, samples: stored(twin).samples))
    #expect(later.result.regime.label == together.result.regime.label)
    #expect(later.inputs == together.inputs)
    let (first, second) = (later.result.regime.evidence, together.result.regime.evidence)
    #expect(first.v2?.alignment.besideStandard?.standardSpecific.value != nil)
    #expect(first.v2?.signal.standard?.models == ["twin"] && first.v2?.signal.standard?.sha256 == digest)
    for (one, other) in [
      (first.accuracyRetention, second.accuracyRetention), (first.onManifoldRetention, second.onManifoldRetention),
      (first.v2?.signal.standard?.onManifold, second.v2?.signal.standard?.onManifold),
      (first.v2?.alignment.besideStandard?.standardSpecific, second.v2?.alignment.besideStandard?.standardSpecific),
      (first.v2?.alignment.besideStandard?.specificGain, second.v2?.alignment.besideStandard?.specificGain),
      (first.v2?.alignment.besideStandard?.relativeRatio, second.v2?.alignment.besideStandard?.relativeRatio),
    ] {
      for number in [\Estimate.value, \.low, \.high] {
        let (here, there) = (one?[keyPath: number], other?[keyPath: number])
        // The exact classifier of the toy does not respond off its manifold: no number is a multiple of its R.
        #expect((here == nil) == (there == nil) && abs((here ?? 0) - (there ?? 0)) < 1e-9)
      }
    }
    #expect(ResultValidation.problems(in: later.result) == [])
    // Its columns are kept, so that the next rule needs no standard; another standard takes their place.
    #expect(try Reclassification.outcome(later.result, stored(later)).result == later.result)
    let itself = try Reclassification.outcome(
      later.result, stored(later), standard: (result: model.result, samples: model.samples))
    #expect(abs((itself.result.regime.evidence.accuracyRetention?.value ?? 0) - 1) < 1e-9)
    #expect(itself.inputs.standard?.id == "model")
  }

  @Test func aStandardMeasuredOnOtherImagesIsRefused() throws {
    let task = fittedToyTask()
    let model = try toyOutcome(id: "model", task: task, images: 40)
    for twin in [
      try toyOutcome(id: "twin", task: task, images: 30), try toyOutcome(id: "twin", task: task, images: 40, seed: 4),
    ] {
      #expect(throws: ReclassificationError.otherImages(model: "model", standard: "twin")) {
        try Reclassification.outcome(
          model.result, stored(model), standard: (result: twin.result, samples: twin.samples))
      }
    }
  }

  @Test func aStandardWithoutItsColumnsIsRefused() throws {
    let task = fittedToyTask()
    let (model, twin) = (
      try toyOutcome(id: "model", task: task, images: 40), try toyOutcome(id: "twin", task: task, images: 40)
    )
    let columns = twin.samples.namedColumns.filter { $0.name != SampleColumn.temperatureInfluence }
    #expect(
      throws: ReclassificationError.standardColumnMissing(
        standard: "twin", column: SampleColumn.temperatureInfluence)
    ) {
      try Reclassification.outcome(
        model.result, stored(model), standard: (result: twin.result, samples: SampleTable(columns)))
    }
    // Without sensitivities it is the rule that misses them.
    let accuracy = twin.samples.namedColumns.filter { !$0.name.contains("on-manifold") }
    #expect(throws: RegimeRuleError.self) {
      try Reclassification.outcome(
        model.result, stored(model), standard: (result: twin.result, samples: SampleTable(accuracy)))
    }
  }

  /// Result and samples of the standard may be of two evaluations, too.
  @Test func aStandardWithOtherRowsIsRefused() throws {
    let task = fittedToyTask()
    let (model, twin) = (
      try toyOutcome(id: "model", task: task, images: 40), try toyOutcome(id: "twin", task: task, images: 40)
    )
    let fewer = try toyOutcome(id: "twin", task: task, images: 30)
    #expect(throws: ReclassificationError.otherSamples(model: "twin", expected: 40, got: 30)) {
      try Reclassification.outcome(
        model.result, stored(model), standard: (result: twin.result, samples: fewer.samples))
    }
  }
}
