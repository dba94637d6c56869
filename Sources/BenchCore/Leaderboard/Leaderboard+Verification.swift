import Checkpoints
import Foundation
import JSON

/// One thing that is not as it should be.
package struct LeaderboardMismatch: Sendable, Equatable, CustomStringConvertible {
  /// Relative to the leaderboard's folder, or to the folder of models.
  package let path: String
  package let reason: String

  package init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  package var description: String { "\(path): \(reason)" }
}

extension Leaderboard {
  /// Checks every result against the schema's rules, its place, and its checkpoint where `models/<id>/` holds one, and
  /// `leaderboard.json` against a rebuild.
  /// - Parameter models: the folder of reference models.
  /// - Returns: everything wrong, in order of path; empty where all is well.
  /// - Throws: `ResultError.unreadable` where the folder itself cannot be read.
  package func verify(models: URL) throws -> [LeaderboardMismatch] {
    // A reader without the right to write takes the state as it is.
    if FileManager.default.isWritableFile(atPath: directory.path) { try exclusively {} }
    var mismatches: [LeaderboardMismatch] = []
    var evaluated: [EvaluatedModel] = []
    for path in try resultPaths() {
      do {
        let result = try ResultFile.read(directory.appendingPathComponent(path))
        if !result.task.hasOwnReferences {
          mismatches.append(.init(path: path, reason: "was not measured with the task's own manifold and score"))
        }
        if let reason = result.regime.evidence.notApplied {
          mismatches.append(.init(path: path, reason: reason.sentence))
        }
        mismatches += placeMismatches(of: result, at: path) + checkpointMismatches(of: result, at: path, models: models)
        let external = Result { try externalEvaluations(of: result) }
        evaluated.append(EvaluatedModel(result, external: (try? external.get()) ?? []))
        _ = try external.get()
      } catch {
        mismatches.append(LeaderboardMismatch(path: path, reason: reason(of: error, at: path)))
      }
    }
    mismatches += try externalFolders().compactMap { path in
      let result = path.dropLast(".external".count) + ".json"
      let exists = FileManager.default.fileExists(atPath: directory.appendingPathComponent(String(result)).path)
      return exists
        ? nil : LeaderboardMismatch(path: path, reason: "holds evaluations of \(result), which is not there")
    }
    var unranked: [EvaluatedModel] = []
    for path in try paths(under: Standing.unranked.folder) {
      do {
        let result = try ResultFile.read(directory.appendingPathComponent(path))
        mismatches +=
          placeMismatches(of: result, at: path) + checkpointMismatches(of: result, at: path, models: models)
        unranked.append(EvaluatedModel(result))
      } catch {
        mismatches.append(LeaderboardMismatch(path: path, reason: reason(of: error, at: path)))
      }
    }
    let name = documentURL.lastPathComponent
    if let current = try? Data(contentsOf: documentURL) {
      if current != (try JSONEncoding.encode(LeaderboardDocument(evaluated, unranked: unranked))) {
        mismatches.append(.init(path: name, reason: "differs from its results; run `pags-bench leaderboard build`"))
      }
    } else {
      mismatches.append(.init(path: name, reason: "is missing; run `pags-bench leaderboard build`"))
    }
    return mismatches
  }

  private func placeMismatches(of result: EvaluationResult, at path: String) -> [LeaderboardMismatch] {
    let expected = Self.path(of: result)
    guard expected != path else { return [] }
    return [
      .init(
        path: path,
        reason: "holds model `\(result.model.id)` on task `\(result.task.id)`; its place is \(expected)")
    ]
  }

  /// The result's digest against the file it names and the one that `model.json` states; what is absent is not checked.
  private func checkpointMismatches(
    of result: EvaluationResult, at resultPath: String, models: URL
  ) -> [LeaderboardMismatch] {
    guard let checkpoint = result.model.checkpoint else { return [] }
    let folder = models.appendingPathComponent(result.model.id)
    var mismatches: [LeaderboardMismatch] = []
    let file = folder.appendingPathComponent(checkpoint.file)
    if FileManager.default.fileExists(atPath: file.path) {
      let path = "\(result.model.id)/\(checkpoint.file)"
      do {
        let actual = try CheckpointFile.open(file.path)
        if actual.sha256 != checkpoint.sha256 {
          mismatches.append(
            .init(path: path, reason: "has SHA-256 \(actual.sha256), \(resultPath) says \(checkpoint.sha256)"))
        }
        if actual.byteCount != checkpoint.bytes {
          mismatches.append(
            .init(path: path, reason: "has \(actual.byteCount) bytes, \(resultPath) says \(checkpoint.bytes)"))
        }
      } catch {
        mismatches.append(.init(path: path, reason: reason(of: error, at: path)))
      }
    }
    let descriptionPath = "\(result.model.id)/model.json"
    if let data = try? Data(contentsOf: folder.appendingPathComponent("model.json")) {
      do {
        let stated = try JSONDecoding.decode(ModelDescription.self, from: data, source: descriptionPath)
        if let sha256 = stated.checkpoint?.sha256, sha256 != checkpoint.sha256 {
          mismatches.append(
            .init(path: descriptionPath, reason: "states SHA-256 \(sha256), \(resultPath) says \(checkpoint.sha256)"))
        }
      } catch {
        mismatches.append(.init(path: descriptionPath, reason: reason(of: error, at: descriptionPath)))
      }
    }
    return mismatches
  }

  /// The error without the path that a mismatch already begins with.
  private func reason(of error: any Error, at path: String) -> String {
    if case ResultError.invalid(_, let problems) = error { return problems.joined(separator: "; ") }
    return "\(error)"
  }
}
