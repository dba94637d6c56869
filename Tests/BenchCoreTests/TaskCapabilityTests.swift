import Foundation
import JSON
import Tensor
import Testing

@testable import BenchCore

/// Tasks that lack what others have: what is left is measured as before, and a rule that needs what is missing is not applied.
@Suite struct TaskCapabilityTests {
  static func task(without missing: [TaskCapability]) -> ToyTask {
    var task = ToyTask()
    if missing.contains(.manifold) { task.manifold = nil }
    if missing.contains(.score) { task.score = nil }
    if missing.contains(.criteria) { task.criteria = nil }
    if missing.contains(.density) {
      (task.density, task.quality, task.densityIsExact, task.calibration) = (nil, nil, false, .none)
    }
    return task
  }

  static func outcome(without missing: [TaskCapability]) throws -> EvaluationOutcome {
    try toyOutcome(fragileClassifier(strength: 2), task: task(without: missing), images: 24)
  }

  /// Line breaks of the summary are no part of a sentence.
  private func isSaid(_ sentence: String, in result: EvaluationResult) -> Bool {
    func words(_ text: String) -> String { text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
    return words(ResultSummary.text(result)).contains(words(sentence))
  }

  private static let cases: [[TaskCapability]] = [
    [.manifold], [.density], [.criteria], [.manifold, .density], [.manifold, .score, .density, .criteria],
  ]

  @Test("without what the rule needs there is a result, no verdict, and a sentence", arguments: cases)
  func noVerdict(missing: [TaskCapability]) throws {
    let result = try Self.outcome(without: missing).result
    #expect(ResultValidation.problems(in: result) == [])
    let reason = try #require(result.regime.evidence.notApplied)
    #expect(!result.hasVerdict && reason.missing == missing.filter { $0 != .score })
    #expect(reason.sentence.hasPrefix("Rule v2 is not applied and no regime is named: the task has no "))
    #expect(isSaid(reason.sentence, in: result))
    #expect(ResultSummary.verdict(result.regime) == "NONE")
    let lines = ResultSummary.text(result).split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= ResultSummary.width })
  }

  @Test("the file holds the reason and no label, and is read as it was written", arguments: cases)
  func file(missing: [TaskCapability]) throws {
    let result = try Self.outcome(without: missing).result
    let data = try ResultFile.encode(result)
    #expect(try ResultFile.decode(data, source: "result.json") == result)
    let json = try JSONDecoding.parse(data, source: "result.json")
    #expect(json["regime"]?["label"] == nil && json["regime"]?["notApplied"]?["sentence"] != nil)
    for capability in [TaskCapability.manifold, .score, .density] {
      #expect((json["task"]?[capability.rawValue] == nil) == missing.contains(capability))
    }
    #expect((json["measurements"]?["relativeRobustness"] == nil) == missing.contains(.manifold))
  }

  @Test("without a score the rule is applied, and only alignment with the score is missing")
  func noScore() throws {
    let (result, whole) = (try Self.outcome(without: [.score]).result, try Self.outcome(without: []).result)
    #expect(ResultValidation.problems(in: result) == [])
    #expect(result.hasVerdict && result.regime == whole.regime)
    #expect(result.task.score == nil && result.measurements.scoreAlignment.isEmpty)
    #expect(isSaid("The task has no score: alignments with the score are not measured.", in: result))
    // Resampled means of other columns may round differently: they are one matrix product.
    func changes(_ result: EvaluationResult) -> [Double?] { result.measurements.sensitivity.map(\.onManifold.value) }
    #expect(changes(result) == changes(whole))
    #expect(result.measurements.imageAlignment?.whole.value == whole.measurements.imageAlignment?.whole.value)
    #expect(result.measurements.accuracy == whole.measurements.accuracy)
  }

  @Test("what is left has the same numbers", arguments: cases)
  func theRestIsTheSame(missing: [TaskCapability]) throws {
    let (part, whole) = (try Self.outcome(without: missing), try Self.outcome(without: []))
    #expect(!part.samples.columns.isEmpty)
    for column in part.samples.columns {
      // Bits: what is undefined must be so in both.
      let expected = whole.samples[column.name]?.map(\.bitPattern)
      #expect(expected == column.values.map(\.bitPattern), "\(column.name)")
    }
    #expect(part.result.measurements.accuracy == whole.result.measurements.accuracy)
    if !missing.contains(.manifold) {
      #expect(part.result.measurements.sensitivity == whole.result.measurements.sensitivity)
    } else {
      #expect(part.result.measurements.sensitivity.isEmpty && part.result.measurements.relativeRobustness == nil)
    }
    if !missing.contains(.density) {
      #expect(part.result.measurements.bayesAlignment == whole.result.measurements.bayesAlignment)
    } else {
      #expect(part.result.measurements.conditionalScoreAlignment.isEmpty)
      #expect(part.result.measurements.imageAlignment == nil)
    }
  }

  @Test("such a result stands beside a leaderboard, not on it")
  func leaderboard() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("leaderboard-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let result = try Self.outcome(without: [.manifold]).result
    #expect(!Self.task(without: [.manifold]).isComparable && Self.task(without: [.score]).isComparable)
    let leaderboard = Leaderboard(directory: folder)
    try leaderboard.add(result)
    #expect(try leaderboard.models().isEmpty && leaderboard.unranked().count == 1)
    // Nor does it get one by being put there.
    try ResultFile.write(result, to: leaderboard.resultURL(task: result.task.id, model: result.model.id))
    #expect {
      try leaderboard.build()
    } throws: { "\($0)".contains("no manifold") && "\($0)".contains("order of regimes") }
  }

  @Test("stored samples are judged once thresholds are given, and not without tangent spaces")
  func reclassification() throws {
    let criteria = try #require(ToyTask().criteria)
    let source = CriteriaSource(file: "criteria.json", sha256: String(repeating: "0", count: 64))
    let outcome = try Self.outcome(without: [.criteria])
    let file = SampleFile(samples: outcome.samples, inputs: outcome.inputs)
    #expect(throws: ReclassificationError.self) { try Reclassification.outcome(outcome.result, file) }
    let judged = try Reclassification.outcome(outcome.result, file, criteria: (criteria, source)).result
    let whole = try Self.outcome(without: []).result
    #expect(judged.hasVerdict && judged.regime == whole.regime)
    let lacking = try Self.outcome(without: [.manifold])
    #expect {
      try Reclassification.outcome(
        lacking.result, SampleFile(samples: lacking.samples, inputs: lacking.inputs), criteria: (criteria, source))
    } throws: { "\($0)".contains("no manifold") }
  }

  @Test("a manifold of the user's takes the place of the missing one")
  func givenManifold() throws {
    let task = try ReferencedTask(Self.task(without: [.manifold]), manifold: ToyManifold())
    #expect(task.missing.isEmpty)
    let result = try Evaluation(task: task, configuration: toyConfiguration(images: 24)).run(
      EvaluationSubject(classifier: fragileClassifier(strength: 2), record: toyRecord(), task: "toy")
    ).result
    let whole = try Self.outcome(without: []).result
    #expect(result.regime == whole.regime && result.measurements == whole.measurements)
  }

  @Test("what contradicts itself is refused")
  func contradictions() throws {
    var task = Self.task(without: [.density])
    task.densityIsExact = true
    #expect(throws: EvaluationError.self) { try toyOutcome(task: task, images: 12) }
    var result = try Self.outcome(without: [.manifold]).result
    result.regime = RegimeVerdict(
      label: .indeterminate, confidence: 0,
      evidence: .notApplied(try #require(RegimeNotApplied([.density]))))
    let problems = ResultValidation.problems(in: result)
    #expect(problems.contains { $0.hasPrefix("regime.notApplied.missing names density") }, "\(problems)")
    #expect(problems.contains { $0.hasPrefix("regime.notApplied.missing does not name manifold") }, "\(problems)")
    var named = try Self.outcome(without: [.manifold]).result
    named.regime = try Self.outcome(without: []).result.regime
    #expect(ResultValidation.problems(in: named).contains { $0.hasPrefix("regime is named without task.manifold") })
    let text = String(decoding: try ResultFile.encode(Self.outcome(without: [.manifold]).result), as: UTF8.self)
    let both = text.replacingOccurrences(of: "\"notApplied\":", with: "\"label\": \"weak\", \"notApplied\":")
    #expect(both != text)
    #expect {
      try ResultFile.decode(Data(both.utf8), source: "r.json")
    } throws: { "\($0)".contains("notApplied") }
  }

  @Test("a standard that is not used is said not to be")
  func standard() throws {
    final class Notes: ProgressReporter, @unchecked Sendable {
      var notes: [String] = []
      func begin(_ stage: String, total: Int) {}
      func advance(by units: Int) throws {}
      func note(_ text: String) { notes.append(text) }
    }
    var task = fittedToyTask()
    task.criteria = nil
    let twin = StandardModel(id: "twin", sha256: nil, classifier: fragileClassifier(strength: 2))
    let notes = Notes()
    let result = try Evaluation(task: task, configuration: toyConfiguration(images: 12)).run(
      EvaluationSubject(
        classifier: fragileClassifier(strength: 2), record: toyRecord(), task: "toy", standard: twin), progress: notes
    ).result
    #expect(!result.hasVerdict)
    #expect(notes.notes.contains { $0.contains("twin") && $0.contains("is not applied on task toy") })
  }
}
