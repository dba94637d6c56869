import BenchCore
import Foundation
import JSON
import Plugins

/// What `tasks calibrate` writes, given to `evaluate --criteria` and, with a result and its samples, to `reclassify --criteria`.
enum CriteriaInput: InputKind {
  static let id = "criteria"
  private static let task = try? GlyphsTask()

  static func files(_ dice: inout Dice) -> [InputFile] {
    var text = JSONText.text(dice.mutated(document(&dice), count: dice.pick([0, 0, 0, 1, 1, 2])))
    if dice.chance(0.04) { text = String(decoding: dice.mutated(Data(text.utf8)), as: UTF8.self) }
    return SampleInput.files(&dice) + [InputFile("criteria.json", text)]
  }

  private static func document(_ dice: inout Dice) -> JSONValue {
    let task = CommittedResult.value["task"]
    let standards = (0..<dice.integer(0...3)).map { index in
      JSONValue.object([
        JSONMember(key: "name", value: .string("standard-\(index)")),
        JSONMember(key: "parameters", value: .integer(Int64(dice.integer(0...1_000_000)))),
        JSONMember(key: "accuracy", value: .number(dice.unit())),
        JSONMember(key: "onManifold", value: .number(dice.unit())),
      ])
    }
    let share = dice.unit()
    var criteria = [
      JSONMember(key: "robustRatio", value: .number(2 * dice.unit())),
      JSONMember(key: "specificShare", value: .number(share)),
      JSONMember(key: "templateShare", value: .number(share * dice.unit())),
      JSONMember(key: "densityAccuracy", value: .number(dice.unit())),
      JSONMember(key: "standards", value: .array(standards)), JSONMember(key: "tells", value: .string("all")),
    ]
    for key in ["cosine", "densitySensitivity"] where dice.chance(0.5) {
      criteria.append(JSONMember(key: key, value: .number(dice.unit())))
    }
    return .object([
      JSONMember(key: "procedure", value: .integer(Int64(CriteriaProcedure.version))),
      JSONMember(key: "task", value: task?["id"] ?? .null),
      JSONMember(key: "taskVersion", value: task?["version"] ?? .null),
      JSONMember(key: "dataset", value: task?["dataset"] ?? .null),
      JSONMember(key: "criteria", value: .object(criteria)),
      JSONMember(key: "robust", value: .array([.string("robust-0")])),
    ])
  }

  static func run(_ folder: URL, _ progress: inout Progress) throws {
    let url = folder.appendingPathComponent("criteria.json")
    let criteria = try CriteriaFile.read(url)
    progress = .parsed
    if let task {
      _ = try ReferenceFiles(criteria: url.path).task(task, threads: 1, plugins: BuiltinPlugins.all, files: nil)
    }
    let place = folder.appendingPathComponent("result.json")
    let samples = try SampleFile.read(SampleFile.url(beside: place))
    let result = try ResultFile.read(place)
    for version in RegimeRule.versions {
      let outcome = try Reclassification.outcome(
        result, samples, version: version, criteria: criteria.of(result.task.id, version: result.task.version))
      progress = .loaded
      _ = ResultValidation.problems(in: outcome.result)
      _ = ResultSummary.text(outcome.result)
      _ = try ResultFile.encode(outcome.result)
      _ = try SampleFile.encode(outcome)
    }
  }
}
