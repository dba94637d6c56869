import BenchCore
import Foundation
import Networks
import Tensor

/// Trains an autoencoder or a denoiser for a task, from a configuration to a folder that `evaluate --manifold`, `--score` or
/// `--reference` takes.
package struct ReferenceTraining: Sendable {
  package let configuration: TrainingConfiguration
  private let plugin: any TaskPlugin
  private let options: TaskOptions

  /// - Precondition: the configuration's kind is an autoencoder or a denoiser.
  package init(_ configuration: TrainingConfiguration, task plugin: any TaskPlugin, options: TaskOptions) {
    precondition([.autoencoder, .denoiser].contains(configuration.kind), "other kinds have trainings of their own")
    self.configuration = configuration
    self.plugin = plugin
    self.options = options
  }

  /// As `ClassifierTraining.run`.
  package func run(in directory: URL, id: String? = nil, name: String? = nil) throws -> ModelDescription {
    let run = try TrainingRun(directory, configuration)
    if run.isComplete {
      options.progress.note("\(directory.path): already trained")
      return try DescriptionLookup.read(run.descriptionURL)
    }
    let (trainer, architecture) = try prepared()
    let trained = try trainer.train(threads: options.threads, run: run, progress: options.progress)
    let description = describe(
      trained, architecture, id: id ?? ClassifierTraining.id(of: directory), name: name)
    try run.complete(trained, description)
    return description
  }

  /// - Throws: `TrainingError`, `ModelError`, and what reading the images throws.
  package func trainer() throws -> Trainer { try prepared().trainer }

  private func prepared() throws -> (trainer: Trainer, architecture: ReferenceArchitecture) {
    guard
      let images = try plugin.images(.training, options, count: configuration.images, seed: configuration.dataSeed)
    else { throw TrainingError.noTrainingImages(task: plugin.id) }
    if let remark = images.remark { options.progress.note("WARNING: \(remark)") }
    let largest = images.imageShape.count
    guard configuration.kind != .autoencoder || configuration.latentDimension < largest else {
      throw TrainingError.invalidOption(
        option: "latentDimension", value: "\(configuration.latentDimension)",
        expected: "below \(largest), the number of pixels")
    }
    if let resize = configuration.preprocessing?.resize {
      throw TrainingError.invalidOption(
        option: "preprocessing.resize", value: "\(resize)",
        expected: "none: a reference gives images of the task's size")
    }
    let architecture = try ReferenceArchitecture(
      named: configuration.architecture, kind: configuration.kind, imageShape: images.imageShape,
      latentDimension: configuration.latentDimension, width: configuration.width,
      classes: configuration.conditional ? images.classCount : nil)
    let network = TrainableNetwork(
      name: architecture.name, inputShape: images.imageShape,
      preprocessing: try configuration.preprocessing
        ?? images.normalisation(noise: configuration.kind == .denoiser ? configuration.objective.noise : 0),
      layers: architecture.layers,
      tensors: architecture.tensors)
    let objective: any Objective =
      switch (configuration.kind, configuration.conditional) {
      case (.denoiser, true): ConditionalDenoiserObjective(configuration.objective)
      case (.denoiser, false): DenoiserObjective(configuration.objective)
      default: AutoencoderObjective(configuration.objective)
      }
    return (try Trainer(configuration, network: network, objective: objective, images: images), architecture)
  }

  private func describe(
    _ trained: TrainedNetwork, _ architecture: ReferenceArchitecture, id: String, name: String?
  ) -> ModelDescription {
    let (kind, noise) = (configuration.kind, configuration.objective.noise)
    let conditioned = architecture.classes.map { ", \($0) classes" } ?? ""
    let what =
      kind == .denoiser ? "noise \(noise)\(conditioned)" : "latent dimension \(configuration.latentDimension)"
    var description = ModelDescription(
      id: id, name: name ?? "\(architecture.name), \(what), seed \(configuration.seed)")
    description.kind = kind
    description.task = configuration.task
    description.architecture = architecture.description
    description.preprocessing = trained.network.preprocessing
    if kind == .denoiser { description.noise = noise }
    description.classes = architecture.classes
    let loss =
      trained.history.last.map { String(format: ", mean squared error %.5f in normalised units", $0.loss) } ?? ""
    description.source = ModelDescription.Source(
      training:
        "pags-bench train --kind \(kind.rawValue): \(what), \(trained.history.count) epochs\(loss); see recipe.json")
    return description
  }
}

extension LabelledImages {
  /// Under which a network's input has mean 0 and variance 1 in every channel: mean and standard deviation of the images' pixels, with noise
  /// of a standard deviation added.
  func normalisation(noise: Double) throws -> Preprocessing {
    let (channels, size) = (imageShape[0], imageShape.count)
    let area = size / max(1, channels)
    var (sums, squares) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
    var pixels = [Float](repeating: 0, count: size)
    for image in 0..<count {
      try pixels.withUnsafeMutableBufferPointer { try copyImage(image, to: $0) }
      for (index, pixel) in pixels.enumerated() {
        sums[index / area] += Double(pixel)
        squares[index / area] += Double(pixel) * Double(pixel)
      }
    }
    let total = Double(max(1, count * area))
    let deviations = (0..<channels).map { channel in
      let mean = sums[channel] / total
      return max(1e-6, squares[channel] / total - mean * mean + noise * noise).squareRoot()
    }
    return Preprocessing(mean: sums.map { Float($0 / total) }, std: deviations.map(Float.init))
  }
}
