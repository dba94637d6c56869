import BenchCore
import Checkpoints
import Foundation
import JSON
import Text

/// Checks of what `submit` guarantees, on a whole checkout: whoever merges a submission runs them.
package enum SubmissionVerification {
  /// - Returns: everything wrong with `models/<id>/` and the results beside them, by path; empty where all is well.
  package static func mismatches(_ files: ProjectFiles, tasks: [any TaskPlugin]) throws -> [LeaderboardMismatch] {
    var found: [LeaderboardMismatch] = []
    let manager = FileManager.default
    let leaderboard = Leaderboard(directory: files.leaderboard)
    // What cannot be read is the leaderboard's own verification's matter.
    let models = (try? leaderboard.models()) ?? []
    let names = ((try? manager.contentsOfDirectory(atPath: files.models.path)) ?? []).sorted()
    for id in names where !id.hasPrefix(".") {
      let url = files.models.appendingPathComponent("\(id)/model.json")
      guard manager.fileExists(atPath: url.path) else { continue }
      found += problems(url, id: id, tasks: tasks, models: models).map {
        LeaderboardMismatch(path: "\(id)/model.json", reason: $0)
      }
    }
    found += duplicates(models)
    for model in models {
      for (path, result) in [(Leaderboard.resultPath(of: model.result), model.result)] + model.external {
        let texts = [
          ("model.name", result.model.name), ("model.source.paper", result.model.source?.paper),
          ("model.source.authors", result.model.source?.authors),
          ("model.source.training", result.model.source?.training),
          ("externalEvaluation.evaluator", result.externalEvaluation?.evaluator),
          ("externalEvaluation.note", result.externalEvaluation?.note),
        ]
        for (place, text) in texts {
          guard let text, let problem = PlainText.problem(in: text) else { continue }
          found.append(LeaderboardMismatch(path: path, reason: "\(place) \(problem)"))
        }
      }
    }
    return found
  }

  private static func problems(
    _ url: URL, id: String, tasks: [any TaskPlugin], models: [EvaluatedModel]
  ) -> [String] {
    do {
      let value = try JSONDecoding.parse(Data(contentsOf: url), source: url.path)
      var problems = try ModelSchema.load().problems(in: value).map(\.description)
      guard problems.isEmpty else { return problems }
      let description = try JSONDecoding.decode(ModelDescription.self, from: value, source: url.path)
      if description.id != id { problems.append("$.id: is `\(description.id)`, expected `\(id)`, its folder's name") }
      guard
        let result = models.first(where: { $0.result.model.id == id && $0.result.task.id == description.task })?.result
      else { return problems }
      if description.name != result.model.name {
        problems.append(
          "$.name: is `\(PlainText.shown(description.name))`, its result says `\(PlainText.shown(result.model.name))`")
      }
      if let preprocessing = description.preprocessing, preprocessing != result.model.preprocessing {
        problems.append("$.preprocessing: differs from that of its result")
      }
      if let claimed = description.claims?.accuracy, let measured = result.measurements.accuracy.value {
        let count = result.measurementProtocol.images
        let interval = Binomial.interval(trials: count, probability: claimed, confidence: 0.99)
        if Int((measured * Double(count)).rounded()) < interval.lowerBound {
          problems.append(
            "$.claims.accuracy: is \(claimed), measured \(measured) on \(count) images, at least "
              + "\(Double(interval.lowerBound) / Double(count)) is expected (99 % binomial interval)")
        }
      }
      return problems
    } catch { return ["\(error)"] }
  }

  /// The same function under two ids.
  private static func duplicates(_ models: [EvaluatedModel]) -> [LeaderboardMismatch] {
    struct Function: Hashable {
      let task, sha256, architecture, plugin: String
      let preprocessing: Preprocessing
    }
    var seen: [Function: String] = [:]
    return models.compactMap { model in
      let record = model.result.model
      guard let sha256 = record.checkpoint?.sha256 else { return nil }
      let function = Function(
        task: model.result.task.id, sha256: sha256, architecture: record.architecture, plugin: record.plugin.id,
        preprocessing: record.preprocessing)
      guard let other = seen.updateValue(record.id, forKey: function) else { return nil }
      return LeaderboardMismatch(
        path: Leaderboard.resultPath(of: model.result),
        reason: "is the same checkpoint, read the same way, as `\(other)`; a model has one id")
    }
  }
}
