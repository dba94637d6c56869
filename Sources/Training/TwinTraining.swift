import BenchCore
import Checkpoints
import Foundation
import JSON
import Networks
import Tensor

/// Trains the network of a model anew, with cross-entropy: the standard that the model is compared with.
package struct TwinTraining: Sendable {
  package let configuration: TrainingConfiguration
  private let training: ClassifierTraining
  private let network: TrainableNetwork
  private let original: Original
  /// Whether nothing said how pixels are normalised.
  package let preprocessingIsAssumed: Bool

  /// The model that the twin is of.
  package struct Original: Sendable {
    package let id: String
    package let checkpoint: CheckpointFile
    package let description: ModelDescription?
    /// Override the description's.
    package let architecture: String?
    package let preprocessing: Preprocessing?
    package let resize: [Int]?
    /// Which of the checkpoint's state dicts.
    package let weights: WeightsChoice

    package init(
      id: String, checkpoint: CheckpointFile, description: ModelDescription?, architecture: String? = nil,
      preprocessing: Preprocessing? = nil, resize: [Int]? = nil, weights: WeightsChoice = WeightsChoice()
    ) {
      self.weights = weights
      self.id = id
      self.checkpoint = checkpoint
      self.description = description
      self.architecture = architecture
      self.preprocessing = preprocessing
      self.resize = resize
    }
  }

  /// Passes over the images where nothing else is said; docs/train.md has what that was chosen on.
  package static let defaultEpochs = 20

  /// Finds out what the network is; nothing is written.
  /// - Parameters:
  ///   - recipe: how it is trained; of what, and for what, is replaced.
  ///   - plugin: the task's.
  /// - Throws: `TrainingError`, `ModelError`, `CheckpointError`, `GraphError`, `EvaluationError.wrongClassCount`, and what
  ///   reading the images throws.
  package init(
    of original: Original, _ recipe: TrainingConfiguration, task plugin: any TaskPlugin, options: TaskOptions
  ) throws {
    guard let image = try plugin.images(.training, options, count: 1, seed: recipe.dataSeed) else {
      throw TrainingError.noTrainingImages(task: plugin.id)
    }
    let copy = try UntrainedCopy(
      of: original.checkpoint, original.description,
      LoadOptions(
        architecture: original.architecture, preprocessing: original.preprocessing, resize: original.resize,
        imageShape: image.imageShape,
        classCount: image.classCount, weights: original.weights))
    guard copy.classCount == image.classCount else {
      throw EvaluationError.wrongClassCount(
        model: original.id, task: plugin.id, expected: image.classCount, got: copy.classCount)
    }
    let standard = TrainingConfiguration()
    var configuration = recipe
    configuration.task = plugin.id
    (configuration.kind, configuration.latentDimension) = (.classifier, standard.latentDimension)
    (configuration.objective, configuration.width) = (standard.objective, nil)
    configuration.architecture = copy.network.name
    configuration.preprocessing = copy.network.preprocessing
    let architecture = try copy.network.architecture
    configuration.twinOf = TwinOrigin(
      id: original.id, sha256: original.checkpoint.sha256,
      layers: architecture.stringValue == nil ? architecture : nil)
    try configuration.check()
    self.configuration = configuration
    self.original = original
    network = copy.network
    preprocessingIsAssumed = copy.preprocessingIsAssumed
    training = ClassifierTraining(configuration, task: plugin, options: options, network: copy.network)
  }

  /// As `ClassifierTraining.run`.
  /// - Parameter id: nil for that of the original with `-twin`.
  package func run(in directory: URL, id: String? = nil, name: String? = nil) throws -> ModelDescription {
    // What could not be read afterwards is found out before, and not after hours.
    let fresh = NetworkState(
      network.tensors, memoriesPerWeight: 0, initialisation: configuration.initialisation, seed: configuration.seed)
    _ = try TrainedNetwork(network: network, state: fresh, history: []).classifier(threads: 1)
    return try training.run(in: directory, id: id ?? "\(original.id)-twin", name: name)
  }
}

/// Which model a twin is of: with the layers, its checkpoint's digest decides everything about the twin's network.
package struct TwinOrigin: Sendable, Codable, Equatable {
  package var id: String
  /// Of the checkpoint.
  package var sha256: String
  /// Nil for a built-in architecture.
  package var layers: JSONValue?

  package init(id: String, sha256: String, layers: JSONValue?) {
    self.id = id
    self.sha256 = sha256
    self.layers = layers
  }

  var title: String { "pags-bench twin of \(id), checkpoint SHA-256 \(sha256)" }
}
