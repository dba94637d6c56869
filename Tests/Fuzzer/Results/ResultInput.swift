import BenchCore
import Foundation
import JSON
import Networks
import Plugins
import Submissions

/// A project of one result, its external evaluation and its model's description: what somebody sends to be merged.
enum ResultInput: InputKind {
  static let id = "result"

  static func files(_ dice: inout Dice) -> [InputFile] {
    let id = CommittedResult.id
    let base = dice.chance(0.5) ? CommittedResult.complete : CommittedResult.value
    let result = dice.mutated(base, count: dice.pick([0, 1, 1, 1, 2, 3]))
    var text = JSONText.text(result)
    if dice.chance(0.03) { text = String(decoding: dice.mutated(Data(text.utf8)), as: UTF8.self) }
    var files = [InputFile("leaderboard/results/glyphs/\(id).json", text)]
    let description = dice.mutated(CommittedResult.description, count: dice.pick([0, 1, 2]))
    files.append(InputFile("models/\(id)/model.json", JSONText.text(description)))
    if dice.chance(0.4), case .object(let members) = CommittedResult.value {
      let record = JSONValue.object([JSONMember(key: "evaluator", value: .string("somebody"))])
      let external = JSONValue.object(members + [JSONMember(key: "externalEvaluation", value: record)])
      let changed = dice.mutated(external, count: dice.pick([0, 1]))
      files.append(InputFile("leaderboard/results/glyphs/\(id).external/1.json", JSONText.text(changed)))
    }
    return files
  }

  static func run(_ folder: URL, _ progress: inout Progress) throws {
    let project = ProjectFiles(root: folder)
    let url = project.leaderboard.appendingPathComponent("results/glyphs/\(CommittedResult.id).json")
    // What whoever merges runs, whatever the file is.
    let leaderboard = Leaderboard(directory: project.leaderboard)
    _ = try leaderboard.verify(models: project.models).map(\.description)
    _ = try SubmissionVerification.mismatches(project, tasks: BuiltinPlugins.all.tasks).map(\.description)
    _ = try JSONDecoding.decode(EvaluationResult.self, from: Data(contentsOf: url), source: "result")
    progress = .parsed
    let result = try ResultFile.read(url)
    progress = .loaded
    _ = ResultSummary.text(result)
    _ = try ResultFile.encode(result)
    _ = Table.text(LeaderboardTable.tables(LeaderboardDocument([result])), as: .latex)
    _ = try leaderboard.refresh()
  }
}
