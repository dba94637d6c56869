import ArgumentParser
import BenchCore
import Checkpoints
import Foundation
import Networks
import Training

/// A recipe, and options that replace parts of it.
struct TrainingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Configuration to begin with; the options below replace parts of it.", valueName: "file"),
    completion: .file())
  var recipe: String?

  @Option(
    help: "Task whose training images are used. (default: glyphs)",
    completion: .list(PagsBench.plugins.tasks.map { $0.id })
  )
  var task: String?

  @Option(
    help: ArgumentHelp(
      "classifier, autoencoder (a manifold), denoiser (a score) or generator (ways to classes); see docs/references.md and docs/direction.md. "
        + "(default: classifier)",
      valueName: "kind"))
  var kind: ModelDescription.Kind?

  @Option(help: "Numbers of an autoencoder's code. (default: 128)")
  var latentDimension: Int?

  @Flag(help: "A denoiser for each class: a second reference (--reference).")
  var conditional = false

  @Option(
    help: ArgumentHelp("Network. (default: cnn-small)", valueName: "name"),
    completion: .list(TrainableNetwork.architectures))
  var arch: String?

  @Option(
    help: ArgumentHelp("The classifier that a generator is trained against. (default: cnn-small)", valueName: "name"))
  var critic: String?

  @Option(help: "Channels of the network's first convolution. (default: the network's own)")
  var width: Int?

  @Option(
    help: ArgumentHelp("What is trained for. (default: cross-entropy)", valueName: "name"),
    completion: .list(ObjectiveCatalogue.all.map { $0.id }))
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

  @Option(
    help: ArgumentHelp(
      "What an attack makes large: cross-entropy, or linear-margin, the largest other logit less the label's. (default: cross-entropy)",
      valueName: "loss"))
  var pgdLoss: AttackConfiguration.Loss?

  @Flag(help: "Begin an attack at the image itself.")
  var pgdNoRandomStart = false

  @Option(
    help: ArgumentHelp(
      "Where alignment makes gradients point: density, or away from the closest other class by exact, nearest, nearest-mean, projected, "
        + "learned=FILE (a generator) or file=FILE (a tensor directions). (default: density)", valueName: "source"))
  var direction: String?

  @Flag(help: "Batch normalisation keeps mean 0 and variance 1 in training too.")
  var frozenBatchNorm = false

  @Option(help: "Passes over the images. (default: 3)")
  var epochs: Int?

  @OptionGroup var course: CourseOptions

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
    if conditional { result.conditional = true }
    replace(\.architecture, arch)
    replace(\.critic, critic)
    replace(\.width, width.map { $0 })
    replace(\.objective.name, objective)
    replace(\.objective.strength, strength)
    replace(\.objective.noise, noise)
    replace(\.objective.attack.steps, pgdSteps)
    replace(\.objective.attack.stepFactor, pgdStepFactor)
    replace(\.objective.attack.norm, pgdNorm)
    replace(\.objective.attack.loss, pgdLoss)
    try replaceDirection(&result.objective)
    if frozenBatchNorm { result.frozenBatchNorm = true }
    if pgdNoRandomStart { result.objective.attack.randomStart = false }
    replace(\.epochs, epochs)
    course.replace(&result)
    result.device = Engine.backend.needsEqualRuns ? Engine.backend.rounding : nil
    try result.check()
    return result
  }
}

extension TrainingOptions {
  /// - Throws: `ValidationError`, and `CheckpointError` for a file that cannot be read.
  private func replaceDirection(_ objective: inout ObjectiveConfiguration) throws {
    guard let direction else { return }
    let parts = direction.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let source = AlignmentDirection.Source(rawValue: parts[0]), source.isOfFile == (parts.count == 2) else {
      let known = AlignmentDirection.Source.allCases.map { $0.rawValue + ($0.isOfFile ? "=FILE" : "") }
      throw ValidationError("--direction must be one of \(known.joined(separator: ", ")), got `\(direction)`")
    }
    objective.direction = AlignmentDirection(
      source, file: parts.count == 2 ? parts[1] : nil,
      sha256: parts.count == 2 ? try CheckpointFile.open(parts[1]).sha256 : nil)
  }
}

extension AttackConfiguration.Loss: ExpressibleByArgument {}
extension ModelDescription.Kind: ExpressibleByArgument {}
extension AttackConfiguration.Norm: ExpressibleByArgument {}
