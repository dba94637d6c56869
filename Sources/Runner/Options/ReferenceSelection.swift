import ArgumentParser
import BenchCore
import Plugins

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
      "Tangent spaces: \(PagsBench.plugins.spelledUsages(.manifold)). (default: the task's own)", valueName: "manifold"),
    completion: .list(PagsBench.plugins.usages(.manifold)),
    transform: { try ReferenceChoice(argument: $0, of: .manifold) })
  var manifold: ReferenceChoice?

  @Option(
    help: ArgumentHelp(
      "Score: \(PagsBench.plugins.spelledUsages(.score)). (default: the task's own)",
      valueName: "score"), completion: .list(PagsBench.plugins.usages(.score)),
    transform: { try ReferenceChoice(argument: $0, of: .score) })
  var score: ReferenceChoice?

  var files: ReferenceFiles { ReferenceFiles(manifold: manifold, score: score) }

  /// What is read.
  var inputs: [OutputPlace.Input?] { (manifold?.inputs(.manifold) ?? []) + (score?.inputs(.score) ?? []) }
}

/// `--reference` and `--criteria`: by what a model is judged beside the task's density, or instead of its thresholds.
struct JudgementOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A second reference, asked beside the task's density whether gradients fit their images: \(PagsBench.plugins.spelledUsages(.reference)). (default: none)",
      valueName: "reference"), completion: .list(PagsBench.plugins.usages(.reference)),
    transform: { try ReferenceChoice(argument: $0, of: .reference) })
  var reference: ReferenceChoice?

  @Option(
    help: ArgumentHelp(
      "Thresholds of the regime rule, as `tasks calibrate` writes them. (default: the task's own)", valueName: "file"),
    completion: .file())
  var criteria: String?

  var files: ReferenceFiles { ReferenceFiles(second: reference, criteria: criteria) }

  /// What is read.
  var inputs: [OutputPlace.Input?] {
    (reference?.inputs(.reference) ?? []) + [OutputPlace.Input("the criteria", criteria)]
  }
}
