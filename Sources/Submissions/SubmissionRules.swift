import BenchCore
import Checkpoints
import Foundation
import JSON

/// What a submission must not collide with, and what it adds.
package struct SubmissionRules: Sendable {
  private let leaderboard: Leaderboard
  private let files: ProjectFiles

  /// The largest checkpoint that is kept in the repository.
  package static let largestKeptCheckpoint = 50 << 20

  package init(_ files: ProjectFiles) {
    self.files = files
    leaderboard = Leaderboard(directory: files.leaderboard)
  }

  /// Refuses an id that belongs to another checkpoint, and a model that was submitted before.
  /// - Parameter sha256: of the submitted checkpoint, or of its program's files.
  package func checkID(_ id: String, task: String, sha256: String) throws {
    let described = files.models.appendingPathComponent(id)
    if let recorded = try leaderboard.submittedDescription(of: id) {
      // One model may be measured on several tasks.
      let digest = recorded.checkpoint?.sha256?.lowercased() ?? sha256
      guard digest == sha256 else {
        throw SubmissionError.idTaken(
          id: id, place: described.path + "/model.json", recorded: digest, submitted: sha256)
      }
      guard recorded.task != task || result(id, task: task) == nil else {
        throw SubmissionError.alreadySubmitted(id: id, folder: described.path)
      }
    }
    for place in knownDescriptions(id) {
      guard let data = try? Data(contentsOf: place),
        let known = try? JSONDecoding.decode(ModelDescription.self, from: data, source: place.path),
        known.id == id, let digest = known.checkpoint?.sha256?.lowercased(), digest != sha256
      else { continue }
      throw SubmissionError.idTaken(id: id, place: place.path, recorded: digest, submitted: sha256)
    }
    if let recorded = result(id, task: task) {
      let digest = recorded.model.checkpoint?.sha256
      guard digest == sha256 else {
        throw SubmissionError.idTaken(
          id: id, place: leaderboard.resultURL(task: recorded.task.id, model: recorded.model.id).path,
          recorded: digest ?? "none", submitted: sha256)
      }
    }
  }

  /// Refuses a checkpoint that is on the task's leaderboard under another id, unless it is another function there: the same
  /// weights in another architecture, or with other normalisation, are.
  package func checkFunction(_ record: ModelRecord, task: String) throws {
    for model in try leaderboard.models() where model.result.task.id == task && model.result.model.id != record.id {
      let other = model.result.model
      guard let checkpoint = record.checkpoint, other.checkpoint?.sha256 == checkpoint.sha256,
        other.architecture == record.architecture, other.preprocessing == record.preprocessing,
        other.plugin.id == record.plugin.id
      else { continue }
      throw SubmissionError.sameModel(id: record.id, other: other.id, task: task)
    }
  }

  /// The recorded result, where there is one that can be read.
  package func result(_ id: String, task: String) -> EvaluationResult? {
    let url = leaderboard.directory.appendingPathComponent("results/\(task)/\(id).json")
    return try? ResultFile.read(url)
  }

  private func knownDescriptions(_ id: String) -> [URL] {
    let folder = files.models.appendingPathComponent("known")
    return ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
      .filter { $0.hasSuffix(".json") }.map { folder.appendingPathComponent($0) }
  }

  /// - Throws: `SubmissionError.tooLargeToKeep` for a checkpoint that can neither be kept nor be fetched, `.weightsName` for one that
  ///   cannot be kept with its files.
  package func checkKept(_ submission: Submission, checkpoint: CheckpointFile) throws {
    guard let stated = submission.description.checkpoint, stated.url == nil else { return }
    try SubmittedWeights.check(checkpoint, of: submission.description.id)
    guard checkpoint.totalByteCount <= Self.largestKeptCheckpoint else {
      throw SubmissionError.tooLargeToKeep(
        file: checkpoint.name, bytes: checkpoint.totalByteCount, limit: Self.largestKeptCheckpoint)
    }
  }

  /// Everything that a measured submission adds.
  /// - Throws: `SubmissionError.tooLargeToKeep` for a checkpoint that can neither be kept nor be fetched.
  package func change(
    _ submission: Submission, checkpoint: CheckpointFile, outcome: EvaluationOutcome
  ) throws -> LeaderboardChange {
    var description = submission.description
    let id = description.id
    var kept: [(LeaderboardChange.Place, Data)] = []
    if var stated = description.checkpoint {
      (stated.file, stated.sha256, stated.bytes) = (checkpoint.name, checkpoint.sha256, checkpoint.byteCount)
      description.checkpoint = stated
      if stated.url == nil {
        try checkKept(submission, checkpoint: checkpoint)
        kept.append((.model(id, file: checkpoint.name), checkpoint.data))
        kept += try checkpoint.externalFiles.map {
          (.model(id, file: $0.name), try CheckpointFile.openWithoutDigest($0.url.path).data)
        }
      }
    }
    for file in submission.description.plugin?.files ?? [] {
      kept.append(
        (.model(id, file: file), try CheckpointFile.open(submission.folder.appendingPathComponent(file).path).data))
    }
    let task = outcome.result.task.id
    return LeaderboardChange(
      [(.model(id, file: "model.json"), try JSONEncoding.encode(description))] + kept + [
        (.result(task: task, model: id), try leaderboard.checked(outcome.result)),
        (.samples(task: task, model: id), try SampleFile.encode(outcome)),
      ])
  }

  /// Checks once more under the lock, where nobody can come in between, and adds everything or nothing.
  /// - Returns: what was added, relative to the leaderboard's folder.
  package func add(
    _ submission: Submission, checkpoint: CheckpointFile, outcome: EvaluationOutcome
  ) throws -> LeaderboardChange {
    try leaderboard.apply {
      try checkID(submission.description.id, task: outcome.result.task.id, sha256: checkpoint.sha256)
      try checkFunction(outcome.result.model, task: outcome.result.task.id)
      return try change(submission, checkpoint: checkpoint, outcome: outcome)
    }
  }
}
