import BenchCore
import Checkpoints
import Foundation

/// Where the results of `evaluate` are written: to a leaderboard, and where `--output` says.
struct EvaluationOutputs {
  /// Nil where none is to be changed.
  let leaderboard: Leaderboard?
  /// A result's file; with several models the folder that holds `<model-id>.json` of each.
  let output: URL?
  let isForSeveral: Bool

  /// What can be said of the places before a model is loaded.
  /// - Throws: `OutputPlaceError`.
  func check(apartFrom inputs: [OutputPlace.Input?]) throws {
    if let output {
      if isForSeveral { try OutputPlace.checkFolder(output) } else { try check(output, apartFrom: inputs) }
    }
    if let leaderboard { try OutputPlace.checkFolder(leaderboard.directory) }
  }

  /// Refuses what the leaderboard would refuse after the work, and says which results will be replaced by other ones.
  /// - Throws: `OutputPlaceError`, `ResultError`.
  func check(_ plan: Leaderboard.Plan, hasOwnReferences: Bool, apartFrom inputs: [OutputPlace.Input?]) throws {
    var places: [URL] = []
    if let file = file(of: plan.model) { places.append(file) }
    if let leaderboard, hasOwnReferences {
      try leaderboard.check(plan)
      places.append(leaderboard.resultURL(plan.standing, task: plan.task, model: plan.model.id))
    }
    let new = OutputContent.words(
      model: plan.model.id, task: plan.task, images: plan.images, seed: "\(plan.seed)",
      sha256: plan.model.checkpoint?.sha256)
    for url in places {
      let old = try check(url, apartFrom: inputs)
      if let old, old != new {
        CommandLineOutput.note("\(url.path): holds the result of \(old); it will be replaced by that of \(new)")
      }
    }
  }

  /// - Returns: the paths of what was written.
  func write(_ outcome: EvaluationOutcome) throws -> [String] {
    let (result, samples) = (outcome.result, try SampleFile.encode(outcome))
    var places: [String] = []
    if let file = file(of: result.model) {
      try Folder.make(file.deletingLastPathComponent())
      try AtomicFile.write(samples, to: SampleFile.url(beside: file).path)
      try ResultFile.write(result, to: file)
      places.append(file.relativePath)
    }
    if let leaderboard, result.task.hasOwnReferences {
      try leaderboard.add(result, samples: samples)
      places.append(leaderboard.url(of: result).path)
    }
    return places
  }

  private func file(of model: ModelRecord) -> URL? {
    isForSeveral ? output?.appendingPathComponent("\(model.id).json") : output
  }

  @discardableResult
  private func check(_ url: URL, apartFrom inputs: [OutputPlace.Input?]) throws -> String? {
    try OutputPlace.check(SampleFile.url(beside: url), as: .samples, apartFrom: inputs)
    return try OutputPlace.check(url, as: .result, apartFrom: inputs)
  }
}
