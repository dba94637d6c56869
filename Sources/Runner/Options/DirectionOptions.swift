import ArgumentParser
import BenchCore
import Plugins

/// How the way to the closest other class is found.
struct DirectionOptions: ParsableArguments {
  @Option(help: "Training images among which the nearest are looked for, the first ones. (default: 10000)")
  var referenceImages: Int?

  @Option(
    help: ArgumentHelp(
      "Generator of the estimate learned: of train --kind generator, or an ONNX graph of a vector and a class. (default: none)",
      valueName: "file"), completion: .file())
  var generator: String?

  @Option(
    help: ArgumentHelp(
      "Steps of a projection onto an ONNX generator's images, without the penalty on its vector and with it. (default: 600,150)",
      valueName: "n,n"))
  var generatorSteps: String?

  @Option(help: ArgumentHelp("That penalty's factor. (default: 0.03)", valueName: "number"))
  var generatorPenalty: Double?

  func validate() throws {
    try OptionBounds.check("--reference-images", referenceImages, in: OptionBounds.images)
    _ = try steps()
    if let generatorPenalty, !(generatorPenalty >= 0 && generatorPenalty.isFinite) {
      throw ValidationError("--generator-penalty must be a number of at least 0, got \(generatorPenalty)")
    }
    if generator == nil, generatorSteps != nil || generatorPenalty != nil {
      throw ValidationError("--generator-steps and --generator-penalty are of a generator; name it with --generator")
    }
  }

  private func steps() throws -> [Int]? {
    guard let generatorSteps else { return nil }
    let steps = generatorSteps.split(separator: ",", omittingEmptySubsequences: false).compactMap { Int($0) }
    guard generatorSteps.count(where: { $0 == "," }) == 1, steps.count == 2,
      steps.allSatisfy((0...100_000).contains), steps[0] + steps[1] > 0
    else {
      throw ValidationError(
        "--generator-steps must be two numbers of 0 to 100000, such as 600,150, got `\(generatorSteps)`")
    }
    return steps
  }

  /// - Parameter names: of the estimators; nil for all that the task has.
  /// - Throws: `ValidationError`.
  func settings(_ names: [String]?, option: String) throws -> DirectionSettings {
    var settings = DirectionSettings()
    (settings.estimators, settings.referenceImages, settings.generator) = (names, referenceImages, generator)
    if let steps = try steps() { settings.generatorSteps = steps }
    if let generatorPenalty { settings.generatorPenalty = generatorPenalty }
    if let problem = settings.problem {
      throw ValidationError("\(option) must be \(problem), got `\((names ?? []).joined(separator: ","))`")
    }
    return settings
  }
}
