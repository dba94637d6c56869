import Foundation
import JSON
import Testing

@testable import Submissions

@Suite struct ModelSchemaTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  private static let published = root.appendingPathComponent("leaderboard/schema/model.schema.json")

  @Test func publishedSchemaIsTheOneInUse() throws {
    let text = ModelSchema.text + "\n"
    if ProcessInfo.processInfo.environment["PAGS_BENCH_RECORD"] != nil {
      try text.write(to: Self.published, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: Self.published, encoding: .utf8) == text)
  }

  @Test func unsupportedKeywordsAreRefusedAndNotIgnored() {
    #expect(throws: SchemaError.self) { try JSONSchema(#"{"properties": {"a": {"multipleOf": 2}}}"#, source: "s") }
    #expect(throws: SchemaError.self) { try JSONSchema(#"{"anyOf": [{"not": {}}]}"#, source: "s") }
  }

  @Test("descriptions that ship keep to the schema")
  func shippedDescriptions() throws {
    let models = Self.root.appendingPathComponent("models")
    let files = try #require(FileManager.default.enumerator(at: models, includingPropertiesForKeys: nil))
      .compactMap { $0 as? URL }
      .filter { $0.lastPathComponent == "model.json" || $0.deletingLastPathComponent().lastPathComponent == "known" }
      .filter { $0.pathExtension == "json" }
    #expect(!files.isEmpty)
    for file in files {
      let value = try JSONDecoding.parse(Data(contentsOf: file), source: file.path)
      #expect(try ModelSchema.load().problems(in: value) == [], "\(file.path)")
    }
  }

  private static let validator = """
    import json, sys, jsonschema
    schema = json.load(open(sys.argv[1]))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for line in open(sys.argv[2]):
        errors = list(validator.iter_errors(json.loads(line)))
        print("valid" if not errors else "invalid")
    """

  private static func python(_ arguments: [String]) -> (status: Int32, output: String)? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c"] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = Pipe()
    guard (try? process.run()) != nil else { return nil }
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  private static let hasValidator = python(["import jsonschema"])?.status == 0

  /// The same documents are valid and invalid for this project's validator and for Python's.
  @Test(.enabled(if: hasValidator, "no JSON Schema validator on this machine"))
  func agreesWithAnotherValidator() throws {
    let documents =
      SubmissionDocuments.refused.map(\.document) + [SubmissionDocuments.valid] + SubmissionDocuments.alsoValid
    let parsed = documents.compactMap { try? JSONDecoding.parse(Data($0.utf8), source: "document") }
    let schema = try ModelSchema.load()
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).jsonl")
    defer { try? FileManager.default.removeItem(at: file) }
    try parsed.reduce(into: Data()) { try $0.append(JSONEncoding.encodeCompact($1) + Data("\n".utf8)) }.write(to: file)
    let run = try #require(Self.python([Self.validator, Self.published.path, file.path]))
    #expect(run.status == 0)
    let verdicts = run.output.split(separator: "\n").map { $0 == "valid" }
    #expect(verdicts.count == parsed.count)
    for (value, isValid) in zip(parsed, verdicts) {
      #expect(schema.problems(in: value).isEmpty == isValid, "\(schema.problems(in: value)) \(value)")
    }
  }
}
