import BenchCore
import Networks

/// `--score edm=FILE`.
package enum EDMPlugin: ScorePlugin {
  package static let id = "edm"
  package static let summary = "score of a diffusion model of NVlabs/edm at any noise level, from its snapshot (.pkl)"

  package static func load(
    _ files: [ReferenceFile], _ options: ReferenceOptions
  ) throws -> (score: any Score, noises: [Double]) {
    try check(count: files.count)
    return try model(files[0], options).score(id: id, options)
  }

  static func model(_ file: ReferenceFile, _ options: ReferenceOptions) throws -> DiffusionModel {
    try DiffusionModel(edm: file.checkpoint, file.description, threads: options.threads).fitting(options)
  }
}

/// `--reference edm=COND,UNCOND`.
package enum EDMPosteriorPlugin: PosteriorScorePlugin {
  package static let id = EDMPlugin.id
  package static let summary =
    "a conditional and an unconditional diffusion model of NVlabs/edm, whose scores' difference is the gradient of log p(c | x)"
  package static let files = DiffusionPosterior.roles

  package static func load(
    _ files: [ReferenceFile], _ options: ReferenceOptions
  ) throws -> any PosteriorScore {
    try check(count: files.count)
    return try DiffusionPosterior(
      id: id, options, conditional: { try EDMPlugin.model(files[0], options) },
      unconditional: { try EDMPlugin.model(files[1], options) })
  }
}
