import ArgumentParser
import BenchCore
import Plugins

/// What a task is measured with and judged by, where it is not the task's own.
struct ReferenceSelection: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Tangent spaces: `exact`, or `autoencoder=FILE`. (default: the task's own)", valueName: "manifold"))
  var manifold: ReferenceChoice?

  @Option(
    help: ArgumentHelp("Score: `exact`, or `denoiser=FILE`. (default: the task's own)", valueName: "score"))
  var score: ReferenceChoice?

  @Option(
    help: ArgumentHelp(
      "A second reference, asked beside the task's density whether gradients fit their images: `denoiser=FILE`. (default: none)",
      valueName: "reference"))
  var reference: ReferenceChoice?

  @Option(
    help: ArgumentHelp(
      "Thresholds of the regime rule, as `tasks calibrate` writes them. (default: the task's own)", valueName: "file"))
  var criteria: String?

  func validate() throws {
    try manifold?.validate(option: "--manifold", known: PagsBench.plugins.manifolds.map { $0.id })
    try score?.validate(option: "--score", known: PagsBench.plugins.scores.map { $0.id })
    let known = PagsBench.plugins.posteriorScores.map { $0.id }
    try reference?.validate(option: "--reference", known: known)
    if case .exact = reference?.kind {
      throw ValidationError(
        "--reference exact: an exact density is the task's own reference; expected "
          + known.map { "\($0)=FILE" }.joined(separator: ", "))
    }
  }
}
