import BenchCore
import Foundation
import Networks
import Tensor

/// Trains a classifier for a task, from a configuration to a folder that `evaluate` takes.
package struct ClassifierTraining: Sendable {
  package let configuration: TrainingConfiguration
  private let plugin: any TaskPlugin
  private let options: TaskOptions
  /// Nil for that of the configuration's architecture.
  private let network: TrainableNetwork?

  /// Test images that the accuracy in `model.json` is measured on, at most.
  package static let testImageCount = 2000

  /// - Parameters:
  ///   - plugin: the task's.
  ///   - options: where its data are; `threads` are also those of the training.
  ///   - network: of a twin, whose configuration names the model that it is of; nil for a built-in one.
  package init(
    _ configuration: TrainingConfiguration, task plugin: any TaskPlugin, options: TaskOptions,
    network: TrainableNetwork? = nil
  ) {
    self.configuration = configuration
    self.plugin = plugin
    self.options = options
    self.network = network
  }

  /// Trains, or goes on where a training of the same configuration was stopped in the same folder. Where that is complete,
  /// nothing is done.
  /// - Parameters:
  ///   - id, name: of the model; nil for names made of the folder and the configuration.
  /// - Returns: the description that was written.
  package func run(in directory: URL, id: String? = nil, name: String? = nil) throws -> ModelDescription {
    if FileManager.default.fileExists(atPath: directory.appendingPathComponent(TrainingRun.descriptionFile).path) {
      let run = try TrainingRun(directory, configuration)
      options.progress.note("\(directory.path): already trained")
      return try DescriptionLookup.read(run.descriptionURL)
    }
    // Before the folder is claimed: what cannot be trained leaves none behind.
    let trainer = try trainer()
    let session = try trainer.session(threads: options.threads)
    let run = try TrainingRun(directory, configuration)
    let trained = try trainer.train(session, run: run, progress: options.progress)
    let description = try describe(trained, id: id ?? Self.id(of: directory), name: name)
    return try run.complete(trained, description)
  }

  /// Everything but the folder.
  /// - Throws: `TrainingError`, `ModelError`, and what reading the images throws.
  package func trainer() throws -> Trainer {
    guard
      let images = try plugin.images(.training, options, count: configuration.images, seed: configuration.dataSeed)
    else { throw TrainingError.noTrainingImages(task: plugin.id) }
    if let remark = images.remark { options.progress.note("WARNING: \(remark)") }
    return try Trainer(
      configuration, network: network(for: images), objective: ObjectiveCatalogue.make(configuration.objective),
      images: images,
      directions: directions(of: images))
  }

  private func network(for images: any LabelledImages) throws -> TrainableNetwork {
    if let network { return network }
    if let origin = configuration.twinOf { throw TrainingError.twin(of: origin.id) }
    return try TrainableNetwork(
      architecture: configuration.architecture,
      NetworkSize(inputShape: images.imageShape, classCount: images.classCount, width: configuration.width),
      preprocessing: configuration.preprocessing)
  }

  /// Where the gradient of the label's log-odds is to point.
  /// - Parameter images: those that are trained on.
  func directions(of images: any LabelledImages) throws -> Directions? {
    guard configuration.objective.name == AlignmentPenalty.id else { return nil }
    let direction = configuration.objective.direction
    if direction.source == .file { return try DirectionFile(direction, of: images, configuration).directions }
    let task = try plugin.make(options)
    guard direction.source == .density else {
      return try ClosestPointDirections(direction, of: task, threads: options.threads).directions
    }
    return try densityDirections(of: task)
  }

  /// The input gradient of the label's log-odds of the task's own density, at the noise that decides about regimes.
  private func densityDirections(of task: any BenchmarkTask) throws -> Directions {
    guard let density = task.density else {
      throw TrainingError.noDirections(task: task.id, objective: configuration.objective.name)
    }
    let classifier = DensityClassifier(
      density, noise: task.protocolConstants.decisiveNoise, threads: options.threads)
    return { images, labels in
      try classifier.inputGradients(at: images) { logits, range in
        [GradientTarget.logOddsPredicted.cotangent(logits: logits, predicted: Array(labels[range]), labels: nil)]
      }.gradients[0]
    }
  }

  private func describe(_ trained: TrainedNetwork, id: String, name: String?) throws -> ModelDescription {
    let objective = configuration.objective
    let origin = configuration.twinOf
    let what = origin.map { "twin of \($0.id)" } ?? configuration.architecture
    var description = ModelDescription(
      id: id, name: name ?? "\(what), \(objective.title), seed \(configuration.seed)")
    description.task = configuration.task
    description.architecture = try trained.network.architecture
    description.preprocessing = trained.network.preprocessing
    if let test = try plugin.images(.evaluation, options, count: nil, seed: 0) {
      let count = min(test.count, Self.testImageCount)
      let accuracy = try trained.accuracy(on: FirstImages(test, count), threads: options.threads)
      // Trained without a robustness objective, a network is its own standard.
      description.claims = ModelDescription.Claims(
        accuracy: accuracy, standardAccuracy: objective.name == CrossEntropy.id ? accuracy : nil)
    }
    description.source = ModelDescription.Source(
      training: "\(origin.map(\.title) ?? "pags-bench train"): \(objective.title), \(trained.history.count) epochs; "
        + "see recipe.json")
    return description
  }

  /// A folder's name as an id.
  static func id(of directory: URL) -> String {
    ResultValidation.identifier(from: directory.standardizedFileURL.lastPathComponent, limit: 100) ?? "model"
  }
}

extension ObjectiveConfiguration {
  /// In words: `gradient-norm 0.1`.
  package var title: String { strength == 0 ? name : "\(name) \(strength)" }
}
