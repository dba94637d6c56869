import BenchCore
import Foundation
import Graph
import JSON
import Networks
import Tensor

/// Trains a generator of the ways from images to every class beside its critic, two networks with two optimizers (`GeneratorGraph`), from a
/// configuration to a folder that `direction --generator` and `train --direction learned=FILE` take.
package struct GeneratorTraining: Sendable {
  package let configuration: TrainingConfiguration
  private let plugin: any TaskPlugin
  private let options: TaskOptions

  /// - Precondition: the configuration's kind is a generator.
  package init(_ configuration: TrainingConfiguration, task plugin: any TaskPlugin, options: TaskOptions) {
    precondition(configuration.kind == .generator, "other networks have trainings of their own")
    self.configuration = configuration
    self.plugin = plugin
    self.options = options
  }

  /// As `ClassifierTraining.run`.
  package func run(in directory: URL, id: String? = nil, name: String? = nil) throws -> ModelDescription {
    if FileManager.default.fileExists(atPath: directory.appendingPathComponent(TrainingRun.descriptionFile).path) {
      let run = try TrainingRun(directory, configuration)
      options.progress.note("\(directory.path): already trained")
      return try DescriptionLookup.read(run.descriptionURL)
    }
    // Before the folder is claimed: what cannot be trained leaves none behind.
    var session = try session()
    let run = try TrainingRun(directory, configuration)
    if let saved = try run.savedState() {
      try session.restore(saved)
      options.progress.note("resuming after epoch \(session.history.count) of \(configuration.epochs)")
    }
    let first = session.history.count
    options.progress.begin("training", total: (configuration.epochs - first) * session.stepsPerEpoch)
    let began = ContinuousClock.now
    while session.history.count < configuration.epochs {
      let epoch = session.history.count
      try session.runEpoch(options.progress, kept: epoch > 0 ? run.checkpointURL.path : nil)
      try run.save(session.state, of: session.generator, history: session.history)
      let seconds = (ContinuousClock.now - began) / .seconds(1)
      let left = seconds / Double(epoch + 1 - first) * Double(configuration.epochs - epoch - 1)
      options.progress.note(
        session.history[epoch].line(epoch: epoch + 1, of: configuration.epochs, secondsLeft: left))
    }
    let trained = session.trained
    return try run.complete(
      trained, describe(trained, session, id: id ?? ClassifierTraining.id(of: directory), name: name))
  }

  /// The training before its first step.
  /// - Throws: `TrainingError`, `ModelError`, and what reading the images throws.
  func session() throws -> GeneratorSession {
    guard
      let images = try plugin.images(.training, options, count: configuration.images, seed: configuration.dataSeed)
    else { throw TrainingError.noTrainingImages(task: plugin.id) }
    if let remark = images.remark { options.progress.note("WARNING: \(remark)") }
    if let resize = configuration.preprocessing?.resize {
      throw TrainingError.invalidOption(
        option: "preprocessing.resize", value: "\(resize)",
        expected: "none: a generator gives images of the task's size")
    }
    let architecture = try ReferenceArchitecture(
      named: configuration.architecture, kind: .generator, imageShape: images.imageShape,
      latentDimension: configuration.latentDimension, width: configuration.width, classes: images.classCount)
    let preprocessing = try configuration.preprocessing ?? images.normalisation(noise: 0)
    let generator = TrainableNetwork(
      name: architecture.name, inputShape: images.imageShape, preprocessing: preprocessing,
      layers: architecture.layers, tensors: architecture.tensors)
    let critic = try TrainableNetwork(
      architecture: configuration.critic,
      NetworkSize(inputShape: images.imageShape, classCount: images.classCount), preprocessing: preprocessing)
    return try GeneratorSession(
      configuration, generator: generator, critic: critic, description: architecture.description, images: images,
      threads: options.threads)
  }

  private func describe(
    _ trained: TrainedNetwork, _ session: GeneratorSession, id: String, name: String?
  ) -> ModelDescription {
    var description = ModelDescription(
      id: id,
      name: name ?? "\(session.generator.name), ways to \(session.classCount) classes, seed \(configuration.seed)")
    description.kind = .generator
    description.task = configuration.task
    description.architecture = session.description
    description.preprocessing = trained.network.preprocessing
    description.classes = session.classCount
    description.source = ModelDescription.Source(
      training:
        "pags-bench train --kind generator: critic \(configuration.critic), \(trained.history.count) epochs; see recipe.json"
    )
    return description
  }
}

/// A generator's training under way: the state after some epochs.
struct GeneratorSession {
  let generator: TrainableNetwork
  /// The generator's layers as a description has them.
  let description: JSONValue
  let classCount: Int
  private let configuration: TrainingConfiguration
  private let images: any LabelledImages
  private let steps: any GeneratorComputation
  private let order: RandomStream
  private let goals: RandomStream
  /// Of both networks, the critic's tensors behind `GeneratorGraph.criticPrefix`.
  private(set) var state: NetworkState
  private(set) var history: [EpochRecord] = []

  var stepsPerEpoch: Int { images.count / configuration.batch }

  /// - Throws: `TrainingError.tooFewImages`, `.invalidOption`, `ModelError`, `GraphError`.
  init(
    _ configuration: TrainingConfiguration, generator: TrainableNetwork, critic: TrainableNetwork,
    description: JSONValue, images: any LabelledImages, threads: Int
  ) throws {
    try configuration.check()
    guard images.count >= configuration.batch else {
      throw TrainingError.tooFewImages(count: images.count, batch: configuration.batch)
    }
    (self.configuration, self.generator, self.images, self.description) = (
      configuration, generator, images, description
    )
    classCount = images.classCount
    order = RandomStream(seed: configuration.seed, name: "training/order")
    goals = RandomStream(seed: configuration.seed, name: "training/goals")
    let state = NetworkState(
      generator.tensors + critic.tensors.map { $0.prefixed(GeneratorGraph.criticPrefix) },
      memoriesPerWeight: type(of: configuration.optimizer.optimizer).memoriesPerWeight,
      initialisation: configuration.initialisation, seed: configuration.seed)
    self.state = state
    if let resident = Engine.backend.makeResidentTensors() {
      steps = try ResidentGeneratorSteps(
        generator, critic, classCount: classCount, configuration, state: state, threads: threads, in: resident)
    } else {
      steps = try HostGeneratorSteps(
        generator, critic, classCount: classCount, configuration, threads: threads)
    }
  }

  mutating func restore(_ saved: SavedState) throws {
    try state.restore(saved.tensors)
    history = saved.history
  }

  /// The generator alone.
  var trained: TrainedNetwork {
    TrainedNetwork(network: generator, state: state.restricted(to: generator.tensors), history: history)
  }

  /// One pass: in each step the critic is trained, then the generator against the critic that came of it.
  /// - Throws: `TrainingError.diverged`.
  mutating func runEpoch(_ progress: any ProgressReporter, kept: String?) throws {
    let epoch = history.count
    let schedule = Schedule(
      configuration: configuration.schedule, optimizer: configuration.optimizer, epochs: configuration.epochs,
      stepsPerEpoch: stepsPerEpoch)
    let order = order.permutation(item: epoch, count: images.count)
    var lossSum = 0.0
    try steps.begin(with: state)
    for index in 0..<stepsPerEpoch {
      let globalStep = epoch * stepsPerEpoch + index
      let inputs = try inputs(order[index * configuration.batch..<(index + 1) * configuration.batch], globalStep)
      let rates = schedule.rates(step: globalStep)
      for part in GeneratorPart.allCases {
        let (loss, norm) = try steps.run(
          part, inputs,
          StepRates(learningRate: rates.learningRate, momentum: rates.momentum, step: globalStep + 1),
          changing: &state)
        guard loss.isFinite, norm.isFinite else {
          throw TrainingError.diverged(
            quantity: loss.isFinite ? "the length of the gradient" : "the loss",
            value: loss.isFinite ? Float(norm) : loss, epoch: epoch + 1, step: index + 1, kept: kept)
        }
        lossSum += Double(loss)
      }
      try progress.advance(by: 1)
    }
    try steps.end(&state)
    if let (name, value) = state.nonFinite {
      throw TrainingError.diverged(
        quantity: "a number of `\(name)`", value: value, epoch: epoch + 1, step: stepsPerEpoch, kept: kept)
    }
    // Of both networks together.
    history.append(EpochRecord(loss: lossSum / Double(max(1, stepsPerEpoch)), accuracy: nil))
  }

  private func inputs(_ indices: ArraySlice<Int>, _ globalStep: Int) throws -> [String: [Float]] {
    let size = images.imageShape.count
    var pixels = [Float](repeating: 0, count: indices.count * size)
    try pixels.withUnsafeMutableBufferPointer { target in
      for (place, index) in indices.enumerated() {
        try images.copyImage(index, to: UnsafeMutableBufferPointer(rebasing: target[place * size..<(place + 1) * size]))
      }
    }
    let labels = indices.map { images.labels[$0] }
    let chosen = labels.enumerated().map { place, label in
      // Any class but the image's own.
      let other = goals.integers(item: globalStep * configuration.batch + place, count: 1, below: classCount - 1)[0]
      return other < label ? other : other + 1
    }
    func rows(_ classes: [Int]) -> [Float] { classes.flatMap { label in (0..<classCount).map { $0 == label ? 1 : 0 } } }
    return [
      GeneratorGraph.imagesInput: pixels, GeneratorGraph.labelsInput: rows(labels),
      GeneratorGraph.goalsInput: rows(chosen),
    ]
  }
}
