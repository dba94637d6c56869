import ArgumentParser
import BenchCore
import Plugins
import Served

/// What a task is measured with and judged by, where it is not the task's own.
struct ReferenceSelection: ParsableArguments {
  @OptionGroup var maps: MapSelection

  @OptionGroup var judgement: JudgementOptions

  var files: ReferenceFiles {
    var files = judgement.files
    files.manifold = maps.manifold
    files.score = maps.score
    return files
  }

  /// What is read.
  var inputs: [OutputPlace.Input?] { maps.inputs + judgement.inputs }
}

/// `--manifold` and `--score`: tangent spaces and score in place of the task's own.
struct MapSelection: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Tangent spaces: `exact`, `autoencoder=FILE` or `program=CMD`. (default: the task's own)", valueName: "manifold"))
  var manifold: ReferenceFiles.Choice?

  @Option(
    help: ArgumentHelp(
      "Score: `exact`, `denoiser=FILE`, `edm=FILE`, `diffusers=FOLDER` or `program=CMD`. (default: the task's own)",
      valueName: "score"))
  var score: ReferenceFiles.Choice?

  var files: ReferenceFiles { ReferenceFiles(manifold: manifold, score: score) }

  /// What is read.
  var inputs: [OutputPlace.Input?] {
    [
      manifold?.files(of: PagsBench.plugins.manifolds).map { OutputPlace.Input("the checkpoint of --manifold", $0) }
        ?? [],
      score?.files(of: PagsBench.plugins.scores).map { OutputPlace.Input("the checkpoint of --score", $0) } ?? [],
    ].flatMap { $0 }
  }

  func validate() throws {
    try manifold?.validate(
      option: "--manifold", known: PagsBench.plugins.manifolds.map { $0.id } + [ServedReferences.id])
    try score?.validate(option: "--score", known: PagsBench.plugins.scores.map { $0.id } + [ServedReferences.id])
  }
}

/// `--reference` and `--criteria`: by what a model is judged beside the task's density, or instead of its thresholds.
struct JudgementOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A second reference, asked beside the task's density whether gradients fit their images: `denoiser=FILE`, `edm=COND,UNCOND` or `diffusers=COND,UNCOND`. (default: none)",
      valueName: "reference"))
  var reference: ReferenceFiles.Choice?

  @Option(
    help: ArgumentHelp(
      "Thresholds of the regime rule, as `tasks calibrate` writes them. (default: the task's own)", valueName: "file"))
  var criteria: String?

  var files: ReferenceFiles { ReferenceFiles(second: reference, criteria: criteria) }

  /// What is read.
  var inputs: [OutputPlace.Input?] {
    let checkpoints = reference?.files(of: PagsBench.plugins.posteriorScores) ?? []
    return checkpoints.map { OutputPlace.Input("the checkpoint of --reference", $0) }
      + [OutputPlace.Input("the criteria", criteria)]
  }

  func validate() throws {
    let known = PagsBench.plugins.posteriorScores.map { $0.id }
    try reference?.validate(option: "--reference", known: known)
    if case .exact = reference {
      throw ValidationError(
        "--reference exact: an exact density is the task's own reference; expected "
          + known.map { "\($0)=FILE" }.joined(separator: ", "))
    }
  }
}
