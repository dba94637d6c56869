import BenchCore
import Networks

/// A format of diffusion models: one is a score, a conditional and an unconditional one together a second reference.
package protocol DiffusionModelPlugin: ScorePlugin {
  /// Whose models these are, for summaries.
  static var origin: String { get }

  /// - Throws: `DiffusionError`, and what reading the files throws.
  static func model(_ file: ReferenceFile, threads: Int) throws -> DiffusionModel
}

extension DiffusionModelPlugin {
  package static func load(
    _ files: [ReferenceFile], _ options: ReferenceOptions
  ) throws -> (score: any Score, noises: [Double]) {
    try check(count: files.count)
    return try fittingModel(files[0], options).score(id: id, options)
  }

  fileprivate static func fittingModel(_ file: ReferenceFile, _ options: ReferenceOptions) throws -> DiffusionModel {
    try model(file, threads: options.threads).fitting(options)
  }
}

/// `--reference ID=COND,UNCOND`, of the format that `--score ID=` reads.
package enum DiffusionPosteriorPlugin<Model: DiffusionModelPlugin>: PosteriorScorePlugin {
  package static var id: String { Model.id }
  package static var summary: String {
    "a conditional and an unconditional diffusion model of \(Model.origin), whose scores' difference is the gradient of log p(c | x)"
  }
  package static var files: [ReferenceFileRole] { [ReferenceFileRole("COND"), ReferenceFileRole("UNCOND")] }

  package static func filesRead(at path: String) throws -> [String] { try Model.filesRead(at: path) }

  package static func load(
    _ files: [ReferenceFile], _ options: ReferenceOptions
  ) throws -> any PosteriorScore {
    try check(count: files.count)
    return try DiffusionPosterior(
      id: id, options, conditional: { try Model.fittingModel(files[0], options) },
      unconditional: { try Model.fittingModel(files[1], options) })
  }
}
