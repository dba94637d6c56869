import ArgumentParser
import BenchCore
import Synthesis

/// How counterfactuals are made.
struct CounterfactualOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Path, weights and first noise level: the published ones (dvce), those for images of few pixels (small), or those for the score "
        + "of a fitted mixture (fitted). (default: dvce for images of 128 pixels a side or more, otherwise fitted where the score is)",
      valueName: "preset"))
  var preset: Counterfactual.Preset?

  @Option(
    help: ArgumentHelp(
      "A robust model whose gradients are brought into the cone around those of each model: a checkpoint, a model.json, or `bayes`. "
        + "(default: none)", valueName: "model"), completion: .file())
  var guide: String?

  @Option(
    help: ArgumentHelp(
      "Class to change images to, from 0; images that have it stay with it. (default: of each image, the other class that the task's "
        + "density holds for the most likely)", valueName: "class"))
  var target: Int?

  @Option(
    help: ArgumentHelp(
      "From the first noise level down: with new noise at every step, as published (noise), or along the probability flow, which leads "
        + "an image back to itself where nothing guides it (flow). (default: the preset's, flow of fitted alone)",
      valueName: "path"))
  var path: Counterfactual.Path?

  @Option(help: "Noise levels.")
  var steps: Int = 100

  @Option(
    help: ArgumentHelp(
      "The first noise level, in pixel units. (default: the preset's, of small the largest that the task asks its score for)",
      valueName: "sigma"))
  var startNoise: Double?

  @Option(help: ArgumentHelp("Weight of the classifier's gradient. (default: the preset's)", valueName: "c"))
  var classifierWeight: Double?

  @Option(help: ArgumentHelp("Weight of the distance's gradient. (default: the preset's)", valueName: "c"))
  var distanceWeight: Double?

  @Option(help: ArgumentHelp("Half the cone's opening, in degrees.", valueName: "degrees"))
  var cone: Double = 30

  @Option(
    help: ArgumentHelp(
      "Copies of the denoised image, turned, shifted and seen in perspective but for the first, over which each classifier's gradient "
        + "is averaged; 1 for none. (default: the preset's, 16 of dvce with --guide, otherwise 1)",
      valueName: "n"))
  var augmentations: Int?

  @Flag(help: "Take gradients at the denoised image, not through the denoiser.")
  var noDenoiserGradient = false

  func validate() throws {
    try OptionBounds.check("--steps", steps, in: 2...1000)
    try OptionBounds.check("--start-noise", startNoise, in: OptionBounds.lengths)
    try OptionBounds.check("--classifier-weight", classifierWeight, in: 0...100)
    try OptionBounds.check("--distance-weight", distanceWeight, in: 0...100)
    try OptionBounds.check("--cone", cone, in: 0...89.9)
    try OptionBounds.check("--augmentations", augmentations, in: Counterfactual.augmentationBounds)
    try OptionBounds.check("--target", target, in: 0...999_999)
  }

  func settings(on task: any BenchmarkTask) -> Counterfactual {
    var settings = (preset ?? .suited(to: task)).settings(on: task, isGuided: guide != nil)
    settings.path = path ?? settings.path
    settings.steps = steps
    settings.startNoise = startNoise ?? settings.startNoise
    settings.classifierWeight = classifierWeight ?? settings.classifierWeight
    settings.distanceWeight = distanceWeight ?? settings.distanceWeight
    settings.coneAngle = cone
    settings.augmentations = augmentations ?? settings.augmentations
    settings.throughDenoiser = !noDenoiserGradient
    return settings
  }

  /// The class that each image is to be changed to.
  func targets(of images: ChosenImages, on task: any BenchmarkTask, _ change: ChangeMeasurement) throws -> [Int] {
    guard let target else { return try change.likeliestOthers(of: images) }
    guard target < task.classCount else { throw SynthesisError.noSuchClass(label: target, classes: task.classCount) }
    return images.labels.map { _ in target }
  }
}

extension Counterfactual.Path: ExpressibleByArgument {}
extension Counterfactual.Preset: ExpressibleByArgument {}
