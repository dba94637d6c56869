import BenchCore
import Foundation
import JSON

/// A result with its samples beside it, to which a rule is applied again.
enum SampleInput: InputKind {
  static let id = "samples"
  /// Not fewer than the committed result leaves undefined.
  private static let images = 40

  static func files(_ dice: inout Dice) -> [InputFile] {
    let count = JSONValue.integer(Int64(images))
    var result = CommittedResult.value.replacing("protocol", "images", with: count)
      .replacing("task", "dataset", "images", with: count)
      .replacing("protocol", "bootstrapResamples", with: .integer(Int64(dice.pick([100, 200, 1000]))))
    if dice.chance(0.15) { result = dice.mutated(result, count: 1) }
    let inputs = JSONText.text(dice.mutated(Self.inputs(&dice), count: dice.pick([0, 0, 1, 1, 2])))
    let samples = table(inputs, &dice)
    var files = [
      InputFile("result.json", JSONText.text(result)), InputFile("result.samples.safetensors", samples),
    ]
    if dice.chance(0.3) {
      let standard = result.replacing("model", "id", with: .string("standard"))
      files += [
        InputFile("standard.json", JSONText.text(standard)),
        InputFile("standard.samples.safetensors", table(inputs, &dice)),
      ]
    }
    return files
  }

  /// What rules need beside the samples.
  private static func inputs(_ dice: inout Dice) -> JSONValue {
    let text = """
      {"classCount":10,"wideStep":8.0,"smallStep":2.0,"densityIsExact":\(dice.chance(0.5)),"decisive":{"reference":
      "reference-alignment","target":"log-odds-predicted","metric":"cosine","noise":0.5},"calibration":
      {"bayes":{"gate":0.45}},"criteria":{"robustRatio":1.0,"specificShare":0.25,"templateShare":0.25,"cosine":0.45,
      "densityAccuracy":0.85,"densitySensitivity":0.75,"standards":[{"name":"a","parameters":100,"accuracy":0.9,
      "onManifold":0.1},{"name":"b","parameters":100000,"accuracy":0.99,"onManifold":0.2}],"tells":"all"},
      "parameters":21954,"temperatureScale":0.96,"reservations":[]}
      """
    let value = try? JSONDecoding.parse(Data(text.utf8), source: "inputs")
    return value ?? .null
  }

  private static func table(_ inputs: String, _ dice: inout Dice) -> Data {
    let decoded = try? JSONDecoding.decode(RegimeInputs.self, from: Data(inputs.utf8), source: "inputs")
    var names: [String] = []
    if let decoded {
      for name in RegimeRuleV2.columns(decoded) + RegimeRuleV1.columns(decoded) where !names.contains(name) {
        names.append(name)
      }
    }
    if names.isEmpty { names = [SampleColumn.correct, "x"] }
    if dice.chance(0.1) { names.remove(at: dice.integer(0...names.count - 1)) }
    if dice.chance(0.1) { names.append(dice.chance(0.5) ? dice.pick(names) : dice.oddName(dice.pick(names))) }
    let rows = dice.chance(0.07) ? dice.pick([0, 1, 2, 25, 4000]) : images
    let isOdd = dice.chance(0.4)
    var network = MadeNetwork()
    for name in names {
      let kind = dice.integer(0...5)
      let values = (0..<rows).map { _ -> Double in
        if isOdd, kind == 0 { return dice.extremeNumber() }
        if isOdd, kind == 1 { return 0 }
        return name.contains("correct") ? Double(dice.integer(0...1)) : dice.unit()
      }
      var tensor = MadeTensor(name, [rows], [], storage: 0)
      tensor.storageClass = dice.chance(0.003) ? "FloatStorage" : "DoubleStorage"
      tensor.bytes = values.withUnsafeBytes { Data($0) }
      network.tensors.append(tensor)
    }
    if dice.chance(0.06) { network.mutate(&dice) }
    let metadata = ["model": CommittedResult.id, "task": "glyphs", "regime-inputs": inputs]
    return CheckpointInput.safetensors(network, metadata: dice.chance(0.05) ? [:] : metadata, &dice)
  }

  static func run(_ folder: URL, _ progress: inout Progress) throws {
    func read(_ name: String) throws -> (EvaluationResult, SampleFile) {
      let url = folder.appendingPathComponent("\(name).json")
      let samples = try SampleFile.read(SampleFile.url(beside: url))
      return (try ResultFile.read(url), samples)
    }
    let (result, file) = try read("result")
    progress = .parsed
    let standard = try? read("standard")
    for version in RegimeRule.versions {
      for twin in [nil, standard.map { ($0.0, $0.1.samples) }] {
        let outcome: EvaluationOutcome
        do {
          outcome = try Reclassification.outcome(
            result, file, version: version, standard: twin.map { (result: $0.0, samples: $0.1) })
        } catch {
          _ = "\(error)"
          continue
        }
        progress = .loaded
        _ = ResultValidation.problems(in: outcome.result)
        _ = ResultSummary.text(outcome.result)
        _ = try SampleFile.encode(outcome)
        _ = try ResultFile.encode(outcome.result)
      }
    }
  }
}
