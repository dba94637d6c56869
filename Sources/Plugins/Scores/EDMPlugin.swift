import BenchCore
import Networks

/// `--score edm=FILE` and `--reference edm=COND,UNCOND`.
package enum EDMPlugin: ScorePlugin, DiffusionModelPlugin {
  package static let id = "edm"
  package static let summary = "score of a diffusion model of NVlabs/edm at any noise level, from its snapshot (.pkl)"
  package static let origin = "NVlabs/edm"

  package static func model(_ file: ReferenceFile, threads: Int) throws -> DiffusionModel {
    try DiffusionModel(edm: file.checkpoint, file.description, threads: threads)
  }
}
