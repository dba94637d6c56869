import BenchCore
import Checkpoints
import JSON

extension DiffusionModel {
  /// A state dict of openai/guided-diffusion (Dhariwal and Nichol 2021) or improved-diffusion (Nichol and Dhariwal 2021).
  /// - Parameters:
  ///   - description: what the state dict does not say itself; nil mostly.
  ///   - threads: results do not depend on it.
  /// - Throws: `DiffusionError`, `CheckpointError`, `GraphError`, `ModelError.memory`, `JSONError`.
  package init(guided checkpoint: CheckpointFile, _ description: ModelDescription?, threads: Int) throws {
    try Self.checkKind(checkpoint, description)
    let state = try CheckpointReader.stateDict(of: checkpoint, choosing: Self.choice(description))
    let weights = UNetWeights(state)
    let structure = try GuidedStructure(weights, description)
    let network = try DiffusionUNet(structure, weights)
    let learned = LearnedReference(
      id: description?.id ?? Self.identifier(checkpoint.name),
      name: description?.name
        ?? "UNetModel of \(structure.resamplesInBlocks ? "guided-diffusion" : "improved-diffusion")",
      checkpoint: Self.record(of: checkpoint), parameters: weights.parameterCount)
    try self.init(
      Parts(
        file: checkpoint.name, network: network, preconditioning: structure.schedule, learned: learned,
        fingerprint: "guided 1 " + checkpoint.sha256 + (try Self.told(description))), threads: threads)
  }
}
