import BenchCore
import Foundation
import JSON
import Text

/// Somebody else's evaluation of a model that is on the leaderboard.
package struct ExternalSubmission: Sendable {
  package let result: EvaluationResult
  /// The result it is compared with.
  package let submitted: EvaluationResult
  private let leaderboard: Leaderboard

  /// - Parameters:
  ///   - file: a result file as `evaluate --output` writes it.
  ///   - record: who measured.
  /// - Throws: `SubmissionError`, with all problems at once; what `ResultFile` throws for a file that is no result.
  package init(file: URL, record: ExternalEvaluationRecord, _ files: ProjectFiles) throws {
    var result = try ResultFile.read(file)
    leaderboard = Leaderboard(directory: files.leaderboard)
    guard let submitted = SubmissionRules(files).result(result.model.id, task: result.task.id) else {
      throw SubmissionError.notOnLeaderboard(id: result.model.id, task: result.task.id)
    }
    result.externalEvaluation = record
    // The name on the leaderboard is the submitter's.
    (result.model.name, result.model.source) = (submitted.model.name, submitted.model.source)
    var problems = result.problems(asEvaluationOf: submitted) + ResultValidation.problems(in: result)
    for (name, text, limit) in [
      ("--evaluator", record.evaluator, 200), ("--note", record.note, 2000), ("--evaluator-url", record.url, 2000),
    ] {
      guard let text else { continue }
      if let problem = PlainText.problem(in: text) { problems.append("\(name): \(problem)") }
      if text.count > limit { problems.append("\(name): has \(text.count) characters, at most \(limit) are allowed") }
    }
    if let url = record.url, url.wholeMatch(of: /https?:\/\/[A-Za-z0-9][^\s<>"'`\\]*/) == nil {
      problems.append("--evaluator-url: expected an address that begins with https:// or http://")
    }
    guard problems.isEmpty else { throw SubmissionError.externalEvaluation(file: file.path, problems: problems) }
    (self.result, self.submitted) = (result, submitted)
  }

  /// What it does to the model's place: words for people.
  package var effect: [String] {
    func line(_ who: String, _ result: EvaluationResult) -> String {
      let accuracy = result.measurements.accuracy.value.map { String(format: "%.4f", $0) } ?? "-"
      return "\(who): \(result.regime.label.word), accuracy \(accuracy)"
    }
    let verdict: [String] =
      switch Recheck.compare(recorded: submitted, measured: result) {
      case .identical: ["all numbers are the same"]
      case .agrees: ["regime and intervals agree"]
      case .disagrees(let differences): differences
      }
    return [
      line("submitted", submitted), line(result.externalEvaluation?.evaluator ?? "external", result),
    ] + verdict + ["the entry shows the lower accuracy and regime, and names both; the submitted result stays as it is"]
  }

  /// Records it under the next free number.
  /// - Throws: `SubmissionError.externalEvaluation` where the same person has recorded the same numbers before.
  package func add() throws -> LeaderboardChange {
    try leaderboard.apply {
      let others = try leaderboard.externalEvaluations(of: submitted)
      for (path, other) in others where other.externalEvaluation?.evaluator == result.externalEvaluation?.evaluator {
        guard Recheck.compare(recorded: other, measured: result) != .identical else {
          throw SubmissionError.externalEvaluation(
            file: path, problems: ["it holds the same numbers by the same evaluator already"])
        }
      }
      let numbers = others.compactMap { Int($0.path.split(separator: "/").last?.dropLast(".json".count) ?? "") }
      return LeaderboardChange([
        (
          .external(task: result.task.id, model: result.model.id, number: (numbers.max() ?? 0) + 1),
          try ResultFile.encode(result)
        )
      ])
    }
  }
}
