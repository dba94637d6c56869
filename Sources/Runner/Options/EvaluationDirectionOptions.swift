import ArgumentParser
import BenchCore
import Plugins

/// `--direction` and what goes with it, of commands that evaluate.
struct EvaluationDirectionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Also compare gradients with the way to the closest other class, found by these estimates: names with commas between them, as of the "
        + "command direction (docs/direction.md). (default: none)", valueName: "names"))
  var direction: String?

  @OptionGroup var how: DirectionOptions

  func validate() throws {
    guard direction == nil else {
      _ = try settings()
      return
    }
    if how.referenceImages != nil || how.generator != nil {
      throw ValidationError("--reference-images and --generator are of --direction; name estimates with it")
    }
  }

  private func settings() throws -> DirectionSettings? {
    try direction.map {
      try how.settings(
        $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init), option: "--direction")
    }
  }

  /// - Throws: `ValidationError`.
  func choose(in options: inout EvaluationOptions) throws { options.direction = try settings() }
}
