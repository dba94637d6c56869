import BenchCore
import Networks

/// `--score diffusers=FOLDER` and `--reference diffusers=COND,UNCOND`.
package enum DiffusersPlugin: ScorePlugin, DiffusionModelPlugin {
  package static let id = "diffusers"
  package static let summary =
    "score of a diffusion model of diffusers (UNet2DModel with its scheduler), from its folder"
  package static let origin = "diffusers"
  package static let files = [ReferenceFileRole("FOLDER")]

  package static func filesRead(at path: String) throws -> [String] { try DiffusersFolder.files(in: path) }

  package static func model(_ folder: ReferenceFile, threads: Int) throws -> DiffusionModel {
    try DiffusionModel(diffusers: [folder.checkpoint] + folder.further, folder.description, threads: threads)
  }
}
