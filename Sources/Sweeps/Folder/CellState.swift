import BenchCore
import Checkpoints
import Foundation
import JSON

/// How far a model of a sweep is.
public enum CellState: Sendable {
  case pending
  /// Trained, not evaluated.
  case trained
  case complete(EvaluationResult)
}

/// Says that a training ended: written after everything else, so that a checkpoint of an unfinished training is never
/// taken for the model.
struct TrainingMark: Codable {
  /// SHA-256 of `model.ckpt`.
  var sha256: String
}

extension SweepFolder {
  /// What is there of a cell and is what the sweep asks for. A file that is missing or damaged only means work; one that
  /// belongs to another configuration is refused, because going on would overwrite it.
  /// - Parameter recipe: the cell's complete training configuration.
  /// - Throws: `SweepError.configurationDiffers`.
  public func state(of cell: SweepCell, recipe: JSONValue, definition: SweepDefinition) throws -> CellState {
    if let present = try? Self.parse(self.recipe(of: cell)) {
      let differences = JSONDifference.lines(from: present, to: recipe)
      guard differences.isEmpty else {
        throw SweepError.configurationDiffers(file: self.recipe(of: cell).path, differences: differences)
      }
    } else {
      return .pending
    }
    guard
      let mark = try? JSONDecoding.decode(
        TrainingMark.self, from: Self.read(trained(cell)), source: trained(cell).path),
      let checkpoint = try? CheckpointFile.open(self.checkpoint(of: cell).path), checkpoint.sha256 == mark.sha256
    else { return .pending }
    guard let result = try? ResultFile.read(self.result(of: cell)), isCurrent(result, cell, mark, definition) else {
      return .trained
    }
    return .complete(result)
  }

  private func isCurrent(
    _ result: EvaluationResult, _ cell: SweepCell, _ mark: TrainingMark, _ definition: SweepDefinition
  ) -> Bool {
    result.model.id == cell.id && result.model.checkpoint?.sha256 == mark.sha256
      && result.task.id == definition.task.id && result.task.version == definition.task.version
      && result.measurementProtocol.images == definition.evaluation.images
      && result.measurementProtocol.seed == definition.evaluation.seed
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
