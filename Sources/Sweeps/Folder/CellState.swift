import BenchCore
import Checkpoints
import Foundation
import JSON

/// How far a model of a sweep is.
package enum CellState: Sendable {
  case pending
  /// Trained, not evaluated.
  case trained
  case complete(EvaluationResult)
}

extension SweepFolder {
  /// What is there of a cell and is what the sweep asks for. A file that is missing or damaged only means work; one that
  /// belongs to another configuration is refused, because going on would overwrite it.
  /// - Parameter recipe: the cell's complete training configuration.
  /// - Throws: `SweepError.configurationDiffers`.
  package func state(of cell: SweepCell, recipe: JSONValue, definition: SweepDefinition) throws -> CellState {
    if let present = try? Self.parse(self.recipe(of: cell)) {
      let differences = JSONDifference.lines(from: present, to: recipe)
      guard differences.isEmpty else {
        throw SweepError.configurationDiffers(file: self.recipe(of: cell).path, differences: differences)
      }
    } else {
      return .pending
    }
    guard let digest = trainedDigest(of: cell) else { return .pending }
    guard let result = try? ResultFile.read(self.result(of: cell)), isCurrent(result, cell, digest, definition),
      FileManager.default.fileExists(atPath: samples(of: cell).path)
    else { return .trained }
    return .complete(result)
  }

  /// SHA-256 of the checkpoint; nil where training has not ended or the checkpoint is not the one it ended with. The
  /// description is written last, with the digest.
  func trainedDigest(of cell: SweepCell) -> String? {
    guard
      let description = try? JSONDecoding.decode(
        ModelDescription.self, from: Self.read(self.description(of: cell)), source: self.description(of: cell).path),
      let checkpoint = try? CheckpointFile.open(self.checkpoint(of: cell).path),
      checkpoint.sha256 == description.checkpoint?.sha256
    else { return nil }
    return checkpoint.sha256
  }

  /// Removes a description whose checkpoint is missing or damaged, and what is left of that: training would take the
  /// description's word that there is nothing to do.
  func removeDamagedModel(of cell: SweepCell) throws {
    guard FileManager.default.fileExists(atPath: description(of: cell).path), trainedDigest(of: cell) == nil else {
      return
    }
    for url in [description(of: cell), checkpoint(of: cell)] where FileManager.default.fileExists(atPath: url.path) {
      do {
        try FileManager.default.removeItem(at: url)
      } catch {
        throw SweepError.unwritable(file: url.path, reason: error.localizedDescription)
      }
    }
  }

  private func isCurrent(
    _ result: EvaluationResult, _ cell: SweepCell, _ digest: String, _ definition: SweepDefinition
  ) -> Bool {
    result.model.id == cell.id && result.model.checkpoint?.sha256 == digest
      && result.task.id == definition.task.id && result.task.version == definition.task.version
      && result.measurementProtocol.rule == RegimeRule.version
      && definition.evaluation.describe(result)
  }
}

/// Keeps two processes from training the same model: a job that was started twice, or shards that overlap. The lock ends
/// with its process, however that ends.
final class CellLock {
  private let descriptor: Int32

  /// - Returns: nil where another process has it.
  init?(_ folder: URL) {
    descriptor = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    // A folder or a file system without locks must not keep anybody from working.
    guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK else { return }
    return nil
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }
}
