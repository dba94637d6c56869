import BenchCore
import Checkpoints
import Networks
import Tensor

/// The score of a denoiser that was trained for one noise level: (D(x; sigma) - x) / sigma^2 (Tweedie's formula; what the
/// benchmark's paper takes from diffusion models). Of a class-conditional one, the score of all images.
package struct DenoiserScore: Score {
  package var id: String { DenoiserPlugin.id }
  /// sigma, in pixel units.
  package var noise: Double { network.noise }
  package var learned: LearnedReference? { network.learned }
  package var fingerprint: String? { network.fingerprint }
  private let network: DenoiserNetwork

  /// - Throws: `ReferenceError`, `ModelError`, `CheckpointError`, `JSONError`, `GraphError`.
  init(_ checkpoint: CheckpointFile, _ description: ModelDescription?, _ options: ReferenceOptions) throws {
    network = try DenoiserNetwork(checkpoint, description, options)
  }

  /// - Throws: `ReferenceError.otherNoise` unless `noise` is the one it was trained for; `.notFinite`;
  ///   `GraphError.inputShape`.
  package func score(at images: Tensor, noise: Double) throws -> Tensor {
    guard noise == self.noise else {
      throw ReferenceError.otherNoise(file: network.file, trained: self.noise, requested: noise)
    }
    let scores = try network.map(images) { _, scores in Array(scores.suffix(images.stride)) }
    return Tensor(shape: images.shape, scalars: scores.flatMap { $0 })
  }
}

/// `--score denoiser=FILE`.
package enum DenoiserPlugin: ScorePlugin {
  package static let id = "denoiser"
  package static let summary = "score of a denoiser at the noise level it was trained for with `train --kind denoiser`"

  package static func load(
    _ files: [ReferenceFile], _ options: ReferenceOptions
  ) throws -> (score: any Score, noises: [Double]) {
    try check(count: files.count)
    let score = try DenoiserScore(files[0].checkpoint, files[0].description, options)
    return (score, [score.noise])
  }
}
