import BenchCore
import Checkpoints
import Foundation
import JSON
import Networks

/// The folder of one training.
///
///     recipe.json         the configuration, from which the training can be repeated
///     model.ckpt          the network after the last complete epoch
///     state.safetensors   what is needed to go on from there; removed at the end
///     history.json        loss and accuracy of each epoch
///     model.json          the description, written last: the training is complete
///
/// Every file is replaced as a whole, so a training that was killed goes on after its last complete epoch.
package struct TrainingRun: Sendable {
  package let directory: URL
  package let configuration: TrainingConfiguration

  /// Makes the folder where there is none, and claims it for the configuration.
  /// - Throws: `TrainingError.otherRun` where it belongs to another one, `CheckpointError.cannotWrite`.
  package init(_ directory: URL, _ configuration: TrainingConfiguration) throws {
    self.directory = directory
    self.configuration = configuration
    try Folder.make(directory)
    if FileManager.default.fileExists(atPath: recipeURL.path) {
      let other = try TrainingConfiguration.read(recipeURL)
      guard other == configuration else {
        throw TrainingError.otherRun(
          directory: directory.path, difference: "its recipe.json differs from what was asked for")
      }
    } else if let other = [checkpointURL, descriptionURL, historyURL, stateURL].first(where: {
      FileManager.default.fileExists(atPath: $0.path)
    }) {
      throw TrainingError.otherRun(
        directory: directory.path, difference: "there is a \(other.lastPathComponent) without a recipe.json")
    } else {
      try write(JSONEncoding.encode(configuration), to: recipeURL)
    }
    removeRemains()
  }

  /// Removes what a process left that was killed while it wrote a file (`AtomicFile`), or before its last step, so that the
  /// folder holds the same files as one of a training that was not disturbed.
  private func removeRemains() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
    let own = [recipeURL, checkpointURL, descriptionURL, historyURL, stateURL].map { ".\($0.lastPathComponent)." }
    for name in names where name.hasSuffix(".partial") && own.contains(where: name.hasPrefix) {
      try? FileManager.default.removeItem(at: directory.appendingPathComponent(name))
    }
    if isComplete { try? FileManager.default.removeItem(at: stateURL) }
  }

  static let descriptionFile = "model.json"

  package var recipeURL: URL { directory.appendingPathComponent("recipe.json") }
  package var checkpointURL: URL { directory.appendingPathComponent("model.ckpt") }
  package var descriptionURL: URL { directory.appendingPathComponent(Self.descriptionFile) }
  package var historyURL: URL { directory.appendingPathComponent("history.json") }
  var stateURL: URL { directory.appendingPathComponent("state.safetensors") }

  /// Whether nothing is left to do.
  package var isComplete: Bool { FileManager.default.fileExists(atPath: descriptionURL.path) }

  /// After an epoch.
  func save(_ state: NetworkState, of network: TrainableNetwork, history: [EpochRecord]) throws {
    let records = try JSONEncoding.encodeCompact(history)
    try SafetensorsWriter.write(
      state.checkpoint + state.memoryTensors, metadata: ["history": String(decoding: records, as: UTF8.self)],
      to: stateURL.path)
    try PyTorchZipWriter.write(network.checkpoint(state.checkpoint), to: checkpointURL.path)
    try write(JSONEncoding.encode(history), to: historyURL)
  }

  /// What the last `save` wrote, nil where there was none.
  /// - Throws: `TrainingError.damagedState`, `CheckpointError`.
  func savedState() throws -> SavedState? {
    guard FileManager.default.fileExists(atPath: stateURL.path) else { return nil }
    let tensors = try CheckpointReader.stateDict(of: CheckpointFile.open(stateURL.path))
    guard let history = tensors.metadata["history"] else {
      throw TrainingError.damagedState(file: stateURL.lastPathComponent, reason: "has no history")
    }
    let records = try JSONDecoding.decode(
      [EpochRecord].self, from: Data(history.utf8), source: stateURL.lastPathComponent)
    guard records.count <= configuration.epochs else {
      throw TrainingError.damagedState(
        file: stateURL.lastPathComponent, reason: "is after \(records.count) epochs of \(configuration.epochs)")
    }
    return SavedState(tensors: tensors, history: records)
  }

  /// Writes the checkpoint and then its description, which completes the training.
  /// - Returns: the description, with the checkpoint's name, size and digest.
  @discardableResult
  package func complete(_ trained: TrainedNetwork, _ description: ModelDescription) throws -> ModelDescription {
    let data = try trained.checkpoint()
    try write(data, to: checkpointURL)
    try write(JSONEncoding.encode(trained.history), to: historyURL)
    var description = description
    description.checkpoint = ModelDescription.Checkpoint(
      file: checkpointURL.lastPathComponent, sha256: CheckpointFile.sha256(of: data), bytes: data.count)
    try write(JSONEncoding.encode(description), to: descriptionURL)
    try? FileManager.default.removeItem(at: stateURL)
    return description
  }

  private func write(_ data: Data, to url: URL) throws { try AtomicFile.write(data, to: url.path) }
}

/// A state as it was found.
struct SavedState {
  let tensors: StateDict
  let history: [EpochRecord]
}
