import Foundation
import JSON
import Testing

@testable import BenchCore

@Suite struct ResultTests {
  private static let example = Result {
    try toyOutcome(fragileClassifier(strength: 2), id: "toy-fragile", images: 40).result
  }

  @Test func filesAreReadBackAsTheyWereWritten() throws {
    let result = try Self.example.get()
    let data = try ResultFile.encode(result)
    #expect(try ResultFile.decode(data, source: "toy.json") == result)
    #expect(try ResultFile.encode(ResultFile.decode(data, source: "toy.json")) == data)
  }

  @Test func keysComeInTheContractsOrder() throws {
    let text = String(decoding: try ResultFile.encode(Self.example.get()), as: UTF8.self)
    let top = text.split(separator: "\n").filter { $0.hasPrefix("  \"") }
      .compactMap { $0.split(separator: "\"").dropFirst().first }
    #expect(top == ["schemaVersion", "model", "task", "protocol", "measurements", "regime", "provenance"])
    #expect(text.hasSuffix("}\n") && !text.contains("NaN") && !text.contains("Infinity"))
  }

  @Test func undefinedNumbersAreNull() throws {
    let data = try JSONEncoding.encodeCompact(Estimate(point: .nan, resampled: [.nan], undefined: 3))
    #expect(String(decoding: data, as: UTF8.self) == #"{"value":null,"low":null,"high":null,"undefinedImages":3}"#)
    let back = try JSONDecoding.decode(Estimate.self, from: data, source: "test")
    #expect(back == Estimate(value: nil, low: nil, high: nil, undefinedImages: 3))
  }

  @Test func unknownKeysAreRefused() throws {
    let text = String(decoding: try ResultFile.encode(Self.example.get()), as: UTF8.self)
      .replacingOccurrences(of: "\"schemaVersion\"", with: "\"extra\": 1,\n  \"schemaVersion\"")
    #expect(throws: (any Error).self) { try ResultFile.decode(Data(text.utf8), source: "toy.json") }
  }

  /// Each tampering, and the path its message must begin with.
  private static let tamperings: [(path: String, change: @Sendable (inout EvaluationResult) -> Void)] = [
    ("schemaVersion", { $0.schemaVersion = 2 }),
    ("model.id", { $0.model.id = "../evil" }),
    ("task.id", { $0.task.id = "Toy Task" }),
    ("model.checkpoint.sha256", { $0.model.checkpoint = .init(file: "a.pt", sha256: "ABC", bytes: 1, format: "x") }),
    (
      "model.checkpoint.file",
      {
        $0.model.checkpoint = .init(file: "../a.pt", sha256: String(repeating: "a", count: 64), bytes: 1, format: "x")
      }
    ),
    ("model.preprocessing", { $0.model.preprocessing.std = [0] }),
    ("task.dataset.digest", { $0.task.dataset.digest = "12" }),
    ("protocol.images", { $0.measurementProtocol.images = 7 }),
    ("protocol.rule is `v0`, expected v1 or v2", { $0.measurementProtocol.rule = "v0" }),
    ("protocol.rule is `v1`, but the evidence is that of v2", { $0.measurementProtocol.rule = "v1" }),
    ("measurements.accuracy.value", { $0.measurements.accuracy.value = 1.5 }),
    ("measurements.accuracy", { $0.measurements.accuracy.low = 0.999 }),
    ("measurements.sensitivity[1].onManifold", { $0.measurements.sensitivity[1].onManifold.value = 1.99 }),
    ("measurements.sensitivity", { $0.measurements.sensitivity.removeLast() }),
    ("measurements must", { $0.measurements.referenceAlignment = [] }),
    ("measurements.scoreAlignment[0]", { $0.measurements.scoreAlignment[0].value = 2 }),
    ("measurements.scoreAlignment", { $0.measurements.scoreAlignment.append($0.measurements.scoreAlignment[0]) }),
    ("regime.label", { $0.regime.label = $0.regime.label == .excessive ? .weak : .excessive }),
    ("regime.confidence", { $0.regime.confidence = 0.123 }),
    ("regime.label", { $0.regime.reservations = [.unusedTensors] }),
    ("regime.reservations", { $0.regime.reservations = [] }),
    ("regime.reservations", { $0.regime.reservations = [.assumedNormalisation, .assumedNormalisation] }),
    ("regime.evidence.shares", { $0.regime.evidence.v2?.shares.excessive = 0.5 }),
    ("regime.evidence.leadingLabel", { $0.regime.evidence.v2?.leadingLabel = .excessive }),
    ("regime.evidence.sentences", { $0.regime.evidence.v2?.sentences = [] }),
    ("regime.evidence.classification", { $0.regime.evidence.v2?.classification.accuracy.value = 0.1 }),
    (
      "regime.evidence.classification.temperatureScale",
      { $0.regime.evidence.v2?.classification.temperatureScale = -1 }
    ),
    ("regime.evidence.classification.holdsIn", { $0.regime.evidence.v2?.classification.holdsIn = 2 }),
    ("regime.evidence.robustness.step", { $0.regime.evidence.v2?.robustness.step = 1 }),
    ("regime.evidence.robustness.ratio", { $0.regime.evidence.v2?.robustness.ratio.value = 1e9 }),
    ("regime.evidence.signal.step", { $0.regime.evidence.v2?.signal.step = 1 }),
    ("regime.evidence.signal.densityIsExact", { $0.regime.evidence.v2?.signal.densityIsExact.toggle() }),
    ("regime.evidence.signal.densityAccuracy", { $0.regime.evidence.v2?.signal.densityAccuracy.value = 1.5 }),
    ("regime.evidence.signal.keptIn", { $0.regime.evidence.v2?.signal.keptIn = -0.5 }),
    (
      "regime.evidence.signal.standard.sha256",
      {
        let number = Estimate(value: 0.9, low: 0.9, high: 0.9)
        $0.regime.evidence.v2?.signal.standard = .init(
          source: .measured, models: ["twin"], sha256: "abc", accuracy: number, onManifold: number)
      }
    ),
    ("regime.evidence.alignment", { $0.regime.evidence.v2?.alignment.cosine.value = 0.9999 }),
    ("regime.evidence.alignment", { $0.regime.evidence.v2?.alignment.specific.value = 0.9999 }),
    ("regime.evidence.alignment", { $0.measurements.imageAlignment = nil }),
    ("measurements.imageAlignment.noise", { $0.measurements.imageAlignment?.noise = 0.25 }),
    ("measurements.imageAlignment.controls.template", { $0.measurements.imageAlignment?.controls.template.high = 2 }),
    ("provenance.createdAt", { $0.provenance.createdAt = "yesterday" }),
  ]

  @Test(arguments: tamperings.indices) func tamperingIsFound(index: Int) throws {
    let (path, change) = Self.tamperings[index]
    var result = try Self.example.get()
    change(&result)
    let problems = ResultValidation.problems(in: result)
    #expect(problems.contains { $0.hasPrefix(path) }, "\(path): \(problems)")
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("never-written-\(index).json")
    #expect(throws: ResultError.self) { try ResultFile.write(result, to: url) }
    #expect(!FileManager.default.fileExists(atPath: url.path))
  }

  /// Each tampering of a result of rule v1, which stay readable.
  private static let tamperingsOfV1: [(path: String, change: @Sendable (inout EvaluationResult) -> Void)] = [
    ("protocol.rule", { $0.measurementProtocol.rule = "v2" }),
    ("regime.evidence.shares", { $0.regime.evidence.v1?.shares.excessive = 0.5 }),
    ("regime.evidence.sensitivityRatio", { $0.regime.evidence.v1?.sensitivityRatio.offManifold = 0.1234 }),
    ("regime.evidence.onManifoldRetention", { $0.regime.evidence.v1?.onManifoldRetention.onManifold = 0.1234 }),
    ("regime.evidence.accuracyRetention", { $0.regime.evidence.v1?.accuracyRetention.accuracy = 0.1 }),
    ("regime.evidence.alignment", { $0.regime.evidence.v1?.alignment.cosine.value = 0.9999 }),
  ]

  @Test func resultsOfRuleV1StayReadable() throws {
    let outcome = try toyOutcome(fragileClassifier(strength: 2), id: "toy-fragile", images: 40)
    var result = try Reclassification.outcome(
      outcome.result, SampleFile(samples: outcome.samples, inputs: outcome.inputs), version: "v1"
    ).result
    // As they were: without what rule v2 looks at.
    result.measurements.imageAlignment = nil
    #expect(ResultValidation.problems(in: result) == [])
    let data = try ResultFile.encode(result)
    #expect(!String(decoding: data, as: UTF8.self).contains("imageAlignment"))
    #expect(try ResultFile.decode(data, source: "toy.json") == result)
    #expect(ResultSummary.text(result).contains("by rule v1"))
    for (path, change) in Self.tamperingsOfV1 {
      var tampered = result
      change(&tampered)
      let problems = ResultValidation.problems(in: tampered)
      #expect(problems.contains { $0.hasPrefix(path) }, "\(path): \(problems)")
    }
  }

  @Test(arguments: ["", ".", "..", "a/b", "A", "-a", "é"]) func theseAreNoIdentifiers(text: String) {
    #expect(!ResultValidation.isIdentifier(text))
  }

  @Test func summariesFitATerminal() throws {
    let result = try Self.example.get()
    let text = ResultSummary.text(result)
    for line in text.split(separator: "\n") { #expect(line.count <= ResultSummary.width, "\(line)") }
    for part in ["toy-fragile", "Sensitivity", "confidence", "other", result.task.dataset.digest, "seed"] {
      #expect(text.contains(part), "\(part)")
    }
    for sentence in result.regime.evidence.sentences {
      #expect(text.contains(sentence.prefix(30)))
    }
  }

  @Test func numbersAreWrittenForReaders() {
    #expect(fixed(-0.0001, 2) == "0.00" && fixed(-0.01, 2) == "-0.01" && fixed(nil, 2) == "-")
    #expect(significant(0.08412) == "0.0841" && significant(12.34) == "12.3" && significant(0) == "0")
    #expect(significant(1.62e-8) == "1.62e-08" && significant(0.000345) == "0.000345" && significant(nil) == "-")
    #expect(brief(shortened: 1.43844989) == "1.438" && brief(shortened: 8) == "8")
    #expect(brief(8) == "8" && brief(0.25) == "0.25")
    #expect(ResultSummary.grouped(22_010) == "22,010" && ResultSummary.grouped(7) == "7")
  }
}
