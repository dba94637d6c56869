import BenchCore
import Checkpoints
import Networks
import Tensor

/// The score of a diffusion model of NVlabs/edm, at any noise level: what the benchmark's paper compares gradients with.
package struct EDMScore: Score {
  package var id: String { EDMPlugin.id }
  package var learned: LearnedReference? { network.learned }
  package var fingerprint: String? { network.fingerprint }
  let network: EDMNetwork

  package func score(at images: Tensor, noise: Double) throws -> Tensor { try network.score(at: images, noise: noise) }
}

/// The same of one that is conditional on a class. Without a class its label vector is zeros, as in NVIDIA's code.
package struct ConditionalEDMScore: ClassConditionalScore {
  package var id: String { EDMPlugin.id }
  package let classCount: Int
  package var knowsAllImages: Bool { network.knowsAllImages }
  package var learned: LearnedReference? { network.learned }
  package var fingerprint: String? { network.fingerprint }
  let network: EDMNetwork

  package func score(at images: Tensor, noise: Double) throws -> Tensor { try network.score(at: images, noise: noise) }

  package func score(ofClasses classes: [Int], at images: Tensor, noise: Double) throws -> Tensor {
    try network.score(at: images, classes: classes, noise: noise)
  }
}

/// `--score edm=FILE`.
package enum EDMPlugin: ScorePlugin {
  package static let id = "edm"
  package static let summary = "score of a diffusion model of NVlabs/edm at any noise level, from its snapshot (.pkl)"

  package static func load(
    _ files: [ReferenceFile], _ options: ReferenceOptions
  ) throws -> (score: any Score, noises: [Double]) {
    try check(count: files.count)
    let network = try EDMNetwork(files[0], options)
    let score: any Score =
      if let classes = network.classes {
        ConditionalEDMScore(classCount: classes, network: network)
      } else {
        EDMScore(network: network)
      }
    return (score, options.scoreNoises)
  }
}

extension EDMNetwork {
  /// - Throws: as `init`, and `DiffusionError.imageShape` for a model of other images than the task's: it would run on others too, and
  ///   be wrong.
  init(_ file: ReferenceFile, _ options: ReferenceOptions) throws {
    try self.init(file.checkpoint, file.description, threads: options.threads)
    guard imageShape == options.imageShape else {
      throw DiffusionError.imageShape(
        file: self.file, got: imageShape, task: options.task, expected: options.imageShape)
    }
  }
}
