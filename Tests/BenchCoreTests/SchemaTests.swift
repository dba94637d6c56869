import Foundation
import JSON
import Testing

@testable import BenchCore

/// The published schemas, checked by a validator where this machine has one (Python's jsonschema).
@Suite struct SchemaTests {
  private static let schemas = SharedFiles.packageRoot.appendingPathComponent("leaderboard/schema")

  /// Exit status and standard output of a Python program.
  private static func python(_ program: String, _ arguments: [String]) -> (status: Int32, output: String)? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", program] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = Pipe()
    guard (try? process.run()) != nil else { return nil }
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  private static let hasValidator = python("import jsonschema", [])?.status == 0

  private static let program = """
    import json, sys, jsonschema
    schema = json.load(open(sys.argv[1]))
    jsonschema.Draft202012Validator.check_schema(schema)
    for error in jsonschema.Draft202012Validator(schema).iter_errors(json.load(open(sys.argv[2]))):
        print(error.json_path, error.message[:200])
    """

  private func problems(_ data: Data, schema: String) throws -> String {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("schema-\(UUID().uuidString).json")
    try data.write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let run = try #require(Self.python(Self.program, [Self.schemas.appendingPathComponent(schema).path, file.path]))
    #expect(run.status == 0)
    return run.output
  }

  private func results() throws -> [EvaluationResult] {
    let recorded = RecordedStandard("a", parameters: 75, accuracy: 0.88, onManifold: 0.14)
    var withCheckpoint = try toyOutcome(fragileClassifier(strength: 2), id: "a", images: 12).result
    withCheckpoint.model.checkpoint = .init(
      file: "a.pt", sha256: String(repeating: "0", count: 64), bytes: 12, format: "pytorch-zip")
    withCheckpoint.model.source = ModelDescription.Source(paper: "P")
    let learned = try ReferencedTask(
      ToyTask(), manifold: ReferencedTaskTests.TurnedManifold(), score: (ReferencedTaskTests.ScaledScore(), [0.4]))
    let learnedResult = try Evaluation(task: learned, configuration: toyConfiguration(images: 12)).run(
      EvaluationSubject(classifier: fragileClassifier(strength: 2), record: toyRecord(id: "d"))
    ).result
    let twin = StandardModel(
      id: "twin", sha256: String(repeating: "1", count: 64), classifier: fragileClassifier(strength: 2))
    let said = Estimate(value: 0.9, low: 0.8, high: 0.95)
    let stated = StandardModel(
      stating: StandardReference(id: "twin", sha256: nil, stated: .init(accuracy: said, onManifold: said)))
    return [
      withCheckpoint, learnedResult, try toyOutcome(id: "b", task: fittedToyTask(), images: 12).result,
      try toyOutcome(uninformedClassifier(), id: "c", images: 12, reservations: RegimeReservation.allCases).result,
      try toyOutcome(id: "e", task: fittedToyTask(standards: [recorded]), images: 12).result,
      try toyOutcome(id: "f", task: fittedToyTask(), images: 12, standard: twin).result,
      try toyOutcome(id: "g", task: fittedToyTask(), images: 12, standard: stated).result,
      try resultOfV1(id: "h"), try RobustnessValidationTests.result(id: "j"),
    ]
  }

  /// Of tasks that lack what the rule needs, which have no place on a leaderboard.
  private func resultsWithoutVerdict() throws -> [EvaluationResult] {
    try [[TaskCapability.manifold], [.density], [.criteria], TaskCapability.allCases].map {
      try TaskCapabilityTests.outcome(without: $0).result
    }
  }

  /// As results from before rule v2 are.
  private func resultOfV1(id: String) throws -> EvaluationResult {
    let outcome = try toyOutcome(id: id, images: 12)
    var result = try Reclassification.outcome(
      outcome.result, SampleFile(samples: outcome.samples, inputs: outcome.inputs), version: "v1"
    ).result
    result.measurements.imageAlignment = nil
    return result
  }

  @Test(.enabled(if: hasValidator, "no JSON Schema validator on this machine")) func resultsFollowTheSchema() throws {
    var configuration = toyConfiguration(images: 12)
    configuration.metrics.append(MetricTests.Weighted())
    let weighted = try Evaluation(task: ToyTask(), configuration: configuration).run(
      EvaluationSubject(classifier: fragileClassifier(strength: 2), record: toyRecord(id: "i"))
    ).result
    for result in try results() + resultsWithoutVerdict() + [weighted] {
      #expect(ResultValidation.problems(in: result) == [], "\(result.model.id)")
      #expect(try problems(ResultFile.encode(result), schema: "result.schema.json") == "", "\(result.model.id)")
    }
    let leaderboard = try JSONEncoding.encode(
      LeaderboardDocument(
        results().filter(\.task.hasOwnReferences).map { EvaluatedModel($0) },
        unranked: (resultsWithoutVerdict() + results().filter { !$0.task.hasOwnReferences }).map { EvaluatedModel($0) })
    )
    #expect(try problems(leaderboard, schema: "leaderboard.schema.json") == "")
  }

  @Test(.enabled(if: hasValidator, "no JSON Schema validator on this machine")) func theSchemaIsStrict() throws {
    var result = try results()[0]
    result.measurements.accuracy.value = 2
    result.model.id = "Not An Id"
    result.measurementProtocol.images = 0
    result.measurementProtocol.rule = "v3"
    result.regime.reservations = []
    let found = try problems(JSONEncoding.encode(result), schema: "result.schema.json")
    for path in [
      "$.measurements.accuracy.value", "$.model.id", "$.protocol.images", "$.protocol.rule", "$.regime.reservations",
    ] { #expect(found.contains(path), "\(path)") }
    // No label beside the reason for there being none.
    var reason = String(decoding: try ResultFile.encode(resultsWithoutVerdict()[0]), as: UTF8.self)
    reason = reason.replacingOccurrences(of: "\"notApplied\":", with: "\"label\": \"weak\", \"notApplied\":")
    #expect(try problems(Data(reason.utf8), schema: "result.schema.json").contains("$.regime"))
    var attacked = try RobustnessValidationTests.result()
    attacked.robustness?[0].attack.id = "magic"
    attacked.robustness?[0].radii[0] = -1
    attacked.robustness?[0].masking?.verdict = ""
    let wrong = try problems(JSONEncoding.encode(attacked), schema: "result.schema.json")
    for path in ["attack.id", "radii[0]", "masking.verdict"] {
      #expect(wrong.contains("$.robustness[0].\(path)"), "\(wrong)")
    }
    let extra = String(decoding: try ResultFile.encode(results()[0]), as: UTF8.self)
      .replacingOccurrences(of: "\"clip\"", with: "\"unknown\": 1, \"clip\"")
    #expect(try problems(Data(extra.utf8), schema: "result.schema.json").contains("unknown"))
  }

  /// Without a validator at least: both are JSON, and every enumeration is the code's.
  @Test func enumerationsAreThoseOfTheCode() throws {
    let text = try String(contentsOf: Self.schemas.appendingPathComponent("result.schema.json"), encoding: .utf8)
    _ = try JSONDecoding.parse(Data(text.utf8), source: "result.schema.json")
    let names: [[String]] = [
      GradientTarget.allCases.map(\.rawValue), RegimeLabel.allCases.map(\.rawValue),
      AlignmentControl.allCases.map(\.rawValue), RegimeReservation.allCases.map(\.rawValue), RegimeRule.versions,
      TaskCapability.allCases.filter(\.isNeededByRule).map(\.rawValue), Array(AttackRecord.norms.keys),
      MaskingCheck.Kind.allCases.map(\.rawValue),
    ]
    for name in names.joined() {
      #expect(text.contains("\"\(name)\""), "\(name)")
    }
    let leaderboard = try String(
      contentsOf: Self.schemas.appendingPathComponent("leaderboard.schema.json"), encoding: .utf8)
    _ = try JSONDecoding.parse(Data(leaderboard.utf8), source: "leaderboard.schema.json")
    for name in RegimeRule.versions + RegimeReservation.allCases.map(\.rawValue) {
      #expect(leaderboard.contains("\"\(name)\""), "\(name)")
    }
  }
}
