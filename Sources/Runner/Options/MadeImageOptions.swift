import ArgumentParser
import BenchCore
import Plugins
import Synthesis

/// What `show synthesis` and `show counterfactuals` take beside the models and their own settings.
struct MadeImageOptions: ParsableArguments {
  @OptionGroup var measurement: MeasurementOptions

  @Option(
    help: ArgumentHelp(
      "Images of the task, the first so many, that seeds are drawn like and made images are compared with. (default: 2000, or all of "
        + "fewer)", valueName: "n"))
  var referenceImages: Int?

  @Option(
    help: ArgumentHelp(
      "Name of a model on the sheet; given once for each model. (default: the name in its description)",
      valueName: "text"))
  var label: [String] = []

  @OptionGroup var sheet: SheetOptions

  @OptionGroup var maps: MapSelection

  @OptionGroup var options: ModelOptions

  func validate() throws {
    try OptionBounds.check("--reference-images", referenceImages, in: 2...100_000)
    try OptionBounds.check("--samples", measurement.samples, in: 2...10_000)
  }

  /// - Throws: `ValidationError`.
  func check(_ models: [String]) throws {
    guard !models.isEmpty || options.program.plugin != nil else {
      throw ValidationError(
        "Missing expected argument '<models> ...': checkpoints, a model.json, `bayes`, or --plugin")
    }
    try ShownModels.check(models, labels: label, options)
  }

  /// - Throws: `SynthesisError.notEnoughImages`, and the task's errors.
  func referenceSet(of task: any BenchmarkTask) throws -> ImageSet {
    do {
      return try task.evaluationImages(count: referenceImages ?? 2000, seed: sheet.seed)
    } catch EvaluationError.notEnoughImages(_, let requested, let available) where available > 0 {
      guard referenceImages == nil else {
        throw SynthesisError.notEnoughImages(
          option: "--reference-images", task: task.id, requested: requested, available: available)
      }
      return try task.evaluationImages(count: available, seed: sheet.seed)
    }
  }

  /// Those up to the last that is measured or shown.
  /// - Throws: as `referenceSet`.
  func images(of task: any BenchmarkTask, places: [Int]) throws -> ImageSet {
    do {
      return try task.evaluationImages(count: (places.max() ?? 0) + 1, seed: sheet.seed)
    } catch EvaluationError.notEnoughImages(_, let requested, let available) {
      throw SynthesisError.notEnoughImages(
        option: "--samples, --images or --indices", task: task.id, requested: requested, available: available)
    }
  }
}

/// A length in pixel units, or another number that is positive and of a size that means something.
extension OptionBounds {
  static let lengths = 1e-6...1e6
  static let ascentSteps = 1...100_000
}
