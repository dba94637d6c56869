import BenchCore
import Networks

/// `--score diffusers=FOLDER`.
package enum DiffusersPlugin: ScorePlugin {
  package static let id = "diffusers"
  package static let summary =
    "score of a diffusion model of diffusers (UNet2DModel with its scheduler), from its folder"
  package static let files = [ReferenceFileRole("FOLDER")]

  package static func filesRead(at path: String) throws -> [String] { try DiffusersFolder.files(in: path) }

  package static func load(
    _ files: [ReferenceFile], _ options: ReferenceOptions
  ) throws -> (score: any Score, noises: [Double]) {
    try check(count: files.count)
    return try model(files[0], options).score(id: id, options)
  }

  static func model(_ folder: ReferenceFile, _ options: ReferenceOptions) throws -> DiffusionModel {
    try DiffusionModel(
      diffusers: [folder.checkpoint] + folder.further, folder.description, threads: options.threads
    ).fitting(options)
  }
}

/// `--reference diffusers=COND,UNCOND`.
package enum DiffusersPosteriorPlugin: PosteriorScorePlugin {
  package static let id = DiffusersPlugin.id
  package static let summary =
    "a conditional and an unconditional diffusion model of diffusers, whose scores' difference is the gradient of log p(c | x)"
  package static let files = DiffusionPosterior.roles

  package static func filesRead(at path: String) throws -> [String] { try DiffusersFolder.files(in: path) }

  package static func load(
    _ files: [ReferenceFile], _ options: ReferenceOptions
  ) throws -> any PosteriorScore {
    try check(count: files.count)
    return try DiffusionPosterior(
      id: id, options, conditional: { try DiffusersPlugin.model(files[0], options) },
      unconditional: { try DiffusersPlugin.model(files[1], options) })
  }
}
