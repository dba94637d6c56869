import BenchCore
import Checkpoints
import Foundation
import Tensor

/// A training under way: the state after some epochs.
struct TrainingSession {
  let configuration: TrainingConfiguration
  let loader: BatchLoader
  let step: TrainingStep
  let optimizer: any Optimizer
  private(set) var state: NetworkState
  /// One record per epoch that is complete.
  private(set) var history: [EpochRecord] = []

  init(
    configuration: TrainingConfiguration, loader: BatchLoader, step: TrainingStep, optimizer: any Optimizer,
    state: NetworkState
  ) {
    self.configuration = configuration
    self.loader = loader
    self.step = step
    self.optimizer = optimizer
    self.state = state
  }

  mutating func restore(_ saved: SavedState) throws {
    try state.restore(saved.tensors)
    history = saved.history
  }

  /// - Parameter kept: where the network after the epoch before is, for the message.
  /// - Throws: `TrainingError.diverged` where the loss, the gradient or a weight is not a finite number.
  mutating func runEpoch(_ progress: any ProgressReporter, kept: String?) throws {
    let epoch = history.count
    let schedule = Schedule(
      configuration: configuration.schedule, optimizer: configuration.optimizer, epochs: configuration.epochs,
      stepsPerEpoch: loader.stepsPerEpoch)
    let order = loader.order(epoch: epoch)
    var lossSum = 0.0
    var correct = 0
    func diverged(_ quantity: String, _ value: Float, _ index: Int) -> TrainingError {
      .diverged(quantity: quantity, value: value, epoch: epoch + 1, step: index + 1, kept: kept)
    }
    for index in 0..<loader.stepsPerEpoch {
      let globalStep = epoch * loader.stepsPerEpoch + index
      let images = order[index * configuration.batch..<(index + 1) * configuration.batch]
      try loader.fill(step, images, epoch: epoch, globalStep: globalStep)
      try step.run(with: state)
      guard step.loss.isFinite else { throw diverged("the loss", step.loss, index) }
      lossSum += Double(step.loss)
      if step.hasLogits { correct += countCorrect(images) }
      let norm = updateWeights(schedule.rates(step: globalStep), step: globalStep + 1)
      guard norm.isFinite else { throw diverged("the length of the gradient", Float(norm), index) }
      step.track(in: &state)
      if configuration.frozenBatchNorm { state.countFrozenBatch() }
      try progress.advance(by: 1)
    }
    if let (name, value) = state.nonFinite { throw diverged("a number of `\(name)`", value, loader.stepsPerEpoch - 1) }
    history.append(
      EpochRecord(
        loss: lossSum / Double(loader.stepsPerEpoch),
        accuracy: step.hasLogits ? Double(correct) / Double(loader.stepsPerEpoch * configuration.batch) : nil))
  }

  /// - Returns: the length of the whole gradient before clipping; nothing is changed where it is not finite.
  private mutating func updateWeights(_ rates: (learningRate: Double, momentum: Double), step number: Int) -> Double {
    let gradients = step.gradients
    let norm = gradients.reduce(0.0) { $0 + Self.squaredNorm($1.values) }.squareRoot()
    guard norm.isFinite else { return norm }
    let factor = Self.clippingFactor(norm: norm, limit: configuration.gradientClipping)
    let optimizer = self.optimizer
    for (name, gradient) in gradients {
      state.update(name) { weights, memory in
        optimizer.update(
          weights, gradient: gradient, factor: factor, memory: memory, learningRate: rates.learningRate,
          momentum: rates.momentum, step: number)
      }
    }
    return norm
  }

  /// PyTorch's `clip_grad_norm_`.
  static func clippingFactor(norm: Double, limit: Double?) -> Float {
    Float(limit.map { min(1, $0 / (norm + 1e-6)) } ?? 1)
  }

  private static func squaredNorm(_ values: UnsafeBufferPointer<Float>) -> Double {
    var sum = SIMD8<Double>.zero
    var index = 0
    while index + 8 <= values.count {
      var block = SIMD8<Float>()
      for lane in 0..<8 { block[lane] = values[index + lane] }
      let wide = SIMD8<Double>(block)
      sum += wide * wide
      index += 8
    }
    var total = sum.sum()
    for value in values[index...] { total += Double(value) * Double(value) }
    return total
  }

  private func countCorrect(_ images: ArraySlice<Int>) -> Int {
    let logits = step.logits
    let classes = logits.count / max(1, images.count)
    return images.enumerated().count { place, image in
      let row = logits[place * classes..<(place + 1) * classes]
      return row.max() == row[row.startIndex + loader.images.labels[image]]
    }
  }
}
