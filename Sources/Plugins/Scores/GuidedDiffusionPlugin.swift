import BenchCore
import Networks

/// `--score guided-diffusion=FILE`.
package enum GuidedDiffusionPlugin: ScorePlugin {
  package static let id = "guided-diffusion"
  package static let summary =
    "score of a diffusion model of openai/guided-diffusion or improved-diffusion, from its state dict (.pt)"

  package static func load(
    _ files: [ReferenceFile], _ options: ReferenceOptions
  ) throws -> (score: any Score, noises: [Double]) {
    try check(count: files.count)
    return try DiffusionModel(guided: files[0].checkpoint, files[0].description, threads: options.threads)
      .fitting(options).score(id: id, options)
  }
}
