import BenchCore
import Foundation
import Graph
import Networks
import Tensor

/// Trains a network: an objective, images, an optimizer and a schedule. The same configuration makes the same bytes, on any
/// number of threads, and in one go or in several.
package struct Trainer: Sendable {
  package let configuration: TrainingConfiguration
  package let network: TrainableNetwork
  package let objective: any Objective
  package let images: any LabelledImages
  package let directions: Directions?

  /// - Parameters:
  ///   - objective: built anew for the batch; its `loss` is what is made small.
  ///   - directions: for objectives that ask for them.
  /// - Throws: `TrainingError.invalidOption`, `.tooFewImages`.
  package init(
    _ configuration: TrainingConfiguration, network: TrainableNetwork, objective: any Objective,
    images: any LabelledImages, directions: Directions? = nil
  ) throws {
    try configuration.check()
    guard images.count >= configuration.batch else {
      throw TrainingError.tooFewImages(count: images.count, batch: configuration.batch)
    }
    guard images.imageShape == network.inputShape else {
      throw GraphError.inputShape(name: "images", expected: network.inputShape, got: images.imageShape)
    }
    self.configuration = configuration
    self.network = network
    self.objective = objective
    self.images = images
    self.directions = directions
  }

  /// - Parameters:
  ///   - threads: the result does not depend on it.
  ///   - run: where the state after each epoch is kept, and found again; nil to keep none.
  /// - Throws: `TrainingError.diverged`, `ModelError`, `GraphError`, and what the reporter throws to cancel.
  package func train(
    threads: Int = 1, run: TrainingRun? = nil, progress: any ProgressReporter = SilentProgress()
  ) throws -> TrainedNetwork {
    try train(session(threads: threads), run: run, progress: progress)
  }

  /// The training before its first step: everything that sizes and layers can be wrong about is found out here.
  /// - Throws: `TrainingError.noDirections`, `ModelError`, `GraphError`.
  func session(threads: Int) throws -> TrainingSession {
    let optimizer = configuration.optimizer.optimizer
    let loader = try BatchLoader(images, directions: directions, configuration: configuration, threads: threads)
    let state = NetworkState(
      network.tensors, memoriesPerWeight: type(of: optimizer).memoriesPerWeight,
      initialisation: configuration.initialisation, seed: configuration.seed)
    let steps = try steps(optimizer, state, threads: threads)
    if steps.inputs.usesDirections, directions == nil {
      throw TrainingError.noDirections(task: configuration.task, objective: type(of: objective).id)
    }
    return TrainingSession(configuration: configuration, loader: loader, steps: steps, state: state)
  }

  private func steps(
    _ optimizer: any Optimizer, _ state: NetworkState, threads: Int
  ) throws -> any StepComputation {
    if let resident = Engine.backend.makeResidentTensors() {
      return try ResidentSteps(
        network, objective, batch: configuration.batch, classCount: images.classCount,
        freezesStatistics: configuration.frozenBatchNorm, optimizer: optimizer,
        clipping: configuration.gradientClipping, state: state, threads: threads, in: resident)
    }
    let step = try TrainingStep(
      network, objective, batch: configuration.batch, classCount: images.classCount,
      freezesStatistics: configuration.frozenBatchNorm, threads: threads)
    return HostSteps(step, optimizer: optimizer, clipping: configuration.gradientClipping)
  }

  /// - Parameter session: of this trainer.
  func train(
    _ session: TrainingSession, run: TrainingRun?, progress: any ProgressReporter
  ) throws -> TrainedNetwork {
    var session = session
    if let saved = try run?.savedState() {
      try session.restore(saved)
      progress.note("resuming after epoch \(session.history.count) of \(configuration.epochs)")
    }
    let began = ContinuousClock.now
    let first = session.history.count
    progress.begin("training", total: (configuration.epochs - first) * session.loader.stepsPerEpoch)
    while session.history.count < configuration.epochs {
      let epoch = session.history.count
      try session.runEpoch(progress, kept: epoch > 0 ? run?.checkpointURL.path : nil)
      try run?.save(session.state, of: network, history: session.history)
      let seconds = (ContinuousClock.now - began) / .seconds(1)
      let left = seconds / Double(epoch + 1 - first) * Double(configuration.epochs - epoch - 1)
      progress.note(session.history[epoch].line(epoch: epoch + 1, of: configuration.epochs, secondsLeft: left))
    }
    return TrainedNetwork(network: network, state: session.state, history: session.history)
  }
}

/// What one epoch came to.
package struct EpochRecord: Sendable, Codable, Equatable {
  /// Mean over the steps.
  package var loss: Double
  /// Share of training images that were classified correctly as they were met; nil where there are no classes.
  package var accuracy: Double?

  func line(epoch: Int, of epochs: Int, secondsLeft: Double) -> String {
    var parts = ["epoch \(epoch)/\(epochs)", String(format: "loss %.4f", loss)]
    if let accuracy { parts.append(String(format: "training accuracy %.4f", accuracy)) }
    if epoch < epochs {
      let seconds = Int(secondsLeft.rounded())
      parts.append(seconds >= 90 ? "\((seconds + 30) / 60) min left" : "\(seconds) s left")
    }
    return parts.joined(separator: "  ")
  }
}
