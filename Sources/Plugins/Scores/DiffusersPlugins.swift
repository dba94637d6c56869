import BenchCore
import Networks

/// `--score diffusers=FOLDER`.
package enum DiffusersPlugin: ScorePlugin, FolderReferencePlugin {
  package static let id = "diffusers"
  package static let summary =
    "score of a diffusion model of diffusers (UNet2DModel with its scheduler), from its folder"
  package static let files = [ReferenceFileRole("FOLDER")]

  package static func files(inFolder path: String) throws -> [String] { try DiffusersFolder.files(in: path) }

  package static func load(
    _ files: [ReferenceFile], _ options: ReferenceOptions
  ) throws -> (score: any Score, noises: [Double]) {
    try check(count: files.count / DiffusersFolder.fileCount)
    return try model(files[...], options).score(id: id, options)
  }

  /// - Parameter files: of one folder.
  static func model(_ files: ArraySlice<ReferenceFile>, _ options: ReferenceOptions) throws -> DiffusionModel {
    try DiffusionModel(diffusers: files.map(\.checkpoint), files.first?.description, threads: options.threads)
      .fitting(options)
  }
}

/// `--reference diffusers=COND,UNCOND`.
package enum DiffusersPosteriorPlugin: PosteriorScorePlugin, FolderReferencePlugin {
  package static let id = DiffusersPlugin.id
  package static let summary =
    "a conditional and an unconditional diffusion model of diffusers, whose scores' difference is the gradient of log p(c | x)"
  package static let files = DiffusionPosterior.roles

  package static func files(inFolder path: String) throws -> [String] { try DiffusersFolder.files(in: path) }

  package static func load(
    _ files: [ReferenceFile], _ options: ReferenceOptions
  ) throws -> any PosteriorScore {
    let each = DiffusersFolder.fileCount
    try check(count: files.count / each)
    return try DiffusionPosterior(
      id: id, options, conditional: { try DiffusersPlugin.model(files[..<each], options) },
      unconditional: { try DiffusersPlugin.model(files[each...], options) })
  }
}
