import ArgumentParser
import BenchCore
import Synthesis
import Tensor

/// How images are synthesised.
struct SynthesisOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What is made: \(SynthesisTask.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "kind"))
  var kind: SynthesisTask = .generation

  @Option(
    help: ArgumentHelp(
      "Radius, step and number of steps: the published ones (cifar10, imagenet), or those carried to the length of the task's images "
        + "(scaled).", valueName: "preset"))
  var preset: SynthesisTask.Preset?

  @Option(help: ArgumentHelp("L2 radius around the start, in pixel units. (default: the preset's)", valueName: "r"))
  var radius: Double?

  @Option(help: ArgumentHelp("Length of a step, in pixel units. (default: the preset's)", valueName: "a"))
  var stepLength: Double?

  @Option(help: ArgumentHelp("Gradient steps. (default: the preset's)", valueName: "n"))
  var steps: Int?

  @Option(
    help: ArgumentHelp(
      "Of generation: the Gaussian that images begin with is that of the class itself (own) or of all other classes (others).",
      valueName: "seeds"))
  var seeds: SynthesisSamples.Seeds = .own

  @Option(help: ArgumentHelp("Of inpainting: side of the patch. (default: 60/224 of the image's side)", valueName: "n"))
  var patch: Int?

  @Option(help: ArgumentHelp("Of super-resolution: how many times larger images become.", valueName: "n"))
  var factor: Int = 4

  func validate() throws {
    try OptionBounds.check("--radius", radius, in: OptionBounds.lengths)
    try OptionBounds.check("--step-length", stepLength, in: OptionBounds.lengths)
    try OptionBounds.check("--steps", steps, in: OptionBounds.ascentSteps)
    try OptionBounds.check("--patch", patch, in: 1...4096)
    try OptionBounds.check("--factor", factor, in: 2...64)
  }

  /// - Parameter length: the mean L2 norm of the task's images.
  func ascent(on task: any BenchmarkTask, length: Double) throws -> GradientAscent {
    // The data set that the settings were published for.
    let preset = preset ?? (task.id == "cifar10" && kind != .inpainting ? .cifar10 : .scaled)
    guard var ascent = kind.settings(preset, length: length) else {
      throw SynthesisError.unpublished(task: kind, preset: preset)
    }
    ascent.radius = radius ?? ascent.radius
    ascent.stepLength = stepLength ?? ascent.stepLength
    ascent.steps = steps ?? ascent.steps
    return ascent
  }

  /// What synthesis begins with at these places.
  func samples(
    at places: [Int], on task: any BenchmarkTask, _ references: ReferenceImages, firstImage mask: SignalMask?,
    images: () throws -> (chosen: ChosenImages, mask: SignalMask?), seed: UInt64
  ) throws -> SynthesisSamples {
    let (height, width) = (task.imageShape[1], task.imageShape[2])
    switch kind {
    case .generation:
      return .generation(
        references, seeds: seeds, classCount: task.classCount, factor: ClassGaussian.factor(for: task.imageShape),
        range: task.pixelRange, mask: mask?[0], places: places, seed: seed)
    case .inpainting:
      let side = patch ?? Patches.side(for: task.imageShape)
      try OptionBounds.check("--patch", side, in: 1...min(height, width))
      let (chosen, mask) = try images()
      return .inpainting(chosen, mask: mask, side: side, seed: seed)
    case .superResolution:
      guard height % factor == 0, width % factor == 0 else {
        throw SynthesisError.indivisible(option: "--factor", factor: factor, height: height, width: width)
      }
      let (chosen, mask) = try images()
      return .superResolution(chosen, mask: mask, factor: factor)
    }
  }
}

extension SynthesisTask: ExpressibleByArgument {}
extension SynthesisTask.Preset: ExpressibleByArgument {}
extension SynthesisSamples.Seeds: ExpressibleByArgument {}
