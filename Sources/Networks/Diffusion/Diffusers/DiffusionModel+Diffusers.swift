import BenchCore
import Checkpoints
import Foundation

extension DiffusionModel {
  /// A UNet2DModel of diffusers.
  /// - Parameters:
  ///   - files: as `DiffusersFolder.files` names them.
  ///   - threads: results do not depend on it.
  /// - Throws: `DiffusionError`, `CheckpointError`, `GraphError`, `ModelError.memory`, `JSONError`.
  package init(diffusers files: [CheckpointFile], _ description: ModelDescription?, threads: Int) throws {
    precondition(files.count == DiffusersFolder.fileCount, "weights, configuration and scheduler")
    let (configuration, schedule) = (try UNet2DConfiguration(files[1]), try DiffusersSchedule(files[2]))
    let weights = UNetWeights(try CheckpointReader.stateDict(of: files[0]))
    let network = try DiffusionUNet(configuration, weights)
    let settings = files.dropFirst().map { file in
      ModelRecord.Checkpoint(file: file.name, sha256: file.sha256, bytes: file.byteCount, format: "json")
    }
    let learned = LearnedReference(
      id: description?.id ?? "diffusers-\(files[0].sha256.prefix(8))",
      name: description?.name ?? "UNet2DModel, \(schedule.prediction.rawValue)", checkpoint: Self.record(of: files[0]),
      further: settings, parameters: weights.parameterCount)
    try self.init(
      Parts(
        file: files[0].name, network: network, preconditioning: schedule, learned: learned,
        fingerprint: "diffusers 1 " + files.map(\.sha256).joined(separator: " ")), threads: threads)
  }
}
