import ArgumentParser
import BenchCore
import Foundation
import Plugins
import Training

/// A recipe, and options that replace parts of it.
struct TrainingOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Configuration to begin with; the options below replace parts of it.", valueName: "file"))
  var recipe: String?

  @Option(help: "Task whose training images are used. (default: glyphs)")
  var task: String?

  @Option(
    help: ArgumentHelp(
      "classifier, autoencoder (a manifold) or denoiser (a score); see docs/references.md. (default: classifier)",
      valueName: "kind"))
  var kind: ModelDescription.Kind?

  @Option(help: "Numbers of an autoencoder's code. (default: 128)")
  var latentDimension: Int?

  @Option(help: ArgumentHelp("Network. (default: cnn-small)", valueName: "name"))
  var arch: String?

  @Option(help: "Channels of the network's first convolution. (default: the network's own)")
  var width: Int?

  @Option(help: ArgumentHelp("What is trained for. (default: cross-entropy)", valueName: "name"))
  var objective: String?

  @Option(help: "Strength of the objective. (default: 0)")
  var strength: Double?

  @Option(
    help: ArgumentHelp(
      "Standard deviation of the noise of smoothness and of a denoiser. (default: 0.3)", valueName: "sigma"))
  var noise: Double?

  @Option(help: ArgumentHelp("Steps of an attack. (default: 10)", valueName: "count"))
  var pgdSteps: Int?

  @Option(help: ArgumentHelp("Length of an attack's step, in strength / steps. (default: 2)", valueName: "factor"))
  var pgdStepFactor: Double?

  @Option(
    help: "What an attack's lengths are of: each image, or the whole batch, as in the paper's code. (default: image)")
  var pgdNorm: AttackConfiguration.Norm?

  @Flag(help: "Begin an attack at the image itself.")
  var pgdNoRandomStart = false

  @Option(help: "Of weights, order, noise and augmentation. (default: 0)")
  var seed: UInt64?

  @Option(help: "Of drawn training images. (default: 7)")
  var dataSeed: UInt64?

  @Option(help: "Number of training images. (default: the task's own)")
  var images: Int?

  @Option(help: "Passes over the images. (default: 3)")
  var epochs: Int?

  @Option(help: "Images per step. (default: 64)")
  var batch: Int?

  @Option(help: "Optimizer. (default: adam)")
  var optimizer: OptimizerConfiguration.Name?

  @Option(help: ArgumentHelp("Largest learning rate. (default: 0.004)", valueName: "rate"))
  var learningRate: Double?

  @Option(help: "Momentum of sgd. (default: 0.9)")
  var momentum: Double?

  @Flag(help: "Nesterov's momentum, for sgd.")
  var nesterov = false

  @Option(help: ArgumentHelp("Weight decay. (default: 0)", valueName: "factor"))
  var weightDecay: Double?

  @Option(help: "How the learning rate changes. (default: one-cycle)")
  var schedule: ScheduleConfiguration.Name?

  @Option(help: ArgumentHelp("Share of the steps in which one-cycle rises. (default: 0.15)", valueName: "share"))
  var warmup: Double?

  @Option(
    help: ArgumentHelp("Largest length of the gradient; 0 for no limit. (default: 5)", valueName: "length"))
  var gradientClipping: Double?

  @Option(
    help: ArgumentHelp("Pad images by so many zeros and cut out a random window. (default: 0)", valueName: "count"))
  var crop: Int?

  @Flag(help: "Flip half of the images.")
  var flip = false

  @Option(help: "How weights begin. (default: pytorch)")
  var initialisation: Initialisation?

  /// - Throws: `TrainingError`, `JSONError` for a recipe that cannot be read, and options out of range.
  func configuration() throws -> TrainingConfiguration {
    var result = try recipe.map { try TrainingConfiguration.read(URL(fileURLWithPath: $0)) } ?? TrainingConfiguration()
    func replace<Value>(_ path: WritableKeyPath<TrainingConfiguration, Value>, _ value: Value?) {
      if let value { result[keyPath: path] = value }
    }
    replace(\.task, task)
    if let kind, kind != result.kind {
      result.kind = kind
      result.architecture = ReferenceArchitecture.names(of: kind).first ?? TrainingConfiguration().architecture
    }
    replace(\.latentDimension, latentDimension)
    replace(\.architecture, arch)
    replace(\.width, width.map { $0 })
    replace(\.objective.name, objective)
    replace(\.objective.strength, strength)
    replace(\.objective.noise, noise)
    replace(\.objective.attack.steps, pgdSteps)
    replace(\.objective.attack.stepFactor, pgdStepFactor)
    replace(\.objective.attack.norm, pgdNorm)
    if pgdNoRandomStart { result.objective.attack.randomStart = false }
    replace(\.seed, seed)
    replace(\.dataSeed, dataSeed)
    replace(\.images, images.map { $0 })
    replace(\.epochs, epochs)
    replace(\.batch, batch)
    replace(\.optimizer.name, optimizer)
    replace(\.optimizer.learningRate, learningRate)
    replace(\.optimizer.momentum, momentum)
    if nesterov { result.optimizer.nesterov = true }
    replace(\.optimizer.weightDecay, weightDecay)
    replace(\.schedule.name, schedule)
    replace(\.schedule.warmup, warmup)
    if let gradientClipping { result.gradientClipping = gradientClipping == 0 ? nil : gradientClipping }
    replace(\.augmentation.crop, crop)
    if flip { result.augmentation.flip = true }
    replace(\.initialisation, initialisation)
    try result.check()
    return result
  }
}

extension ModelDescription.Kind: ExpressibleByArgument {}
extension AttackConfiguration.Norm: ExpressibleByArgument {}
extension OptimizerConfiguration.Name: ExpressibleByArgument {}
extension ScheduleConfiguration.Name: ExpressibleByArgument {}
extension Initialisation: ExpressibleByArgument {}
