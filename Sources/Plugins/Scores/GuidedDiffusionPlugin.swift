import BenchCore
import Networks

/// `--score guided-diffusion=FILE` and `--reference guided-diffusion=COND,UNCOND`.
package enum GuidedDiffusionPlugin: ScorePlugin, DiffusionModelPlugin {
  package static let id = "guided-diffusion"
  package static let summary = "score of a diffusion model of \(origin), from its state dict (.pt)"
  package static let origin = "openai/guided-diffusion or improved-diffusion"

  package static func model(_ file: ReferenceFile, threads: Int) throws -> DiffusionModel {
    try DiffusionModel(guided: file.checkpoint, file.description, threads: threads)
  }
}
