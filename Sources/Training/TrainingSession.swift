import BenchCore
import Checkpoints
import Foundation
import Tensor

/// A training under way: the state after some epochs.
struct TrainingSession {
  let configuration: TrainingConfiguration
  let loader: BatchLoader
  let steps: any StepComputation
  private(set) var state: NetworkState
  /// One record per epoch that is complete.
  private(set) var history: [EpochRecord] = []

  init(
    configuration: TrainingConfiguration, loader: BatchLoader, steps: any StepComputation, state: NetworkState
  ) {
    self.configuration = configuration
    self.loader = loader
    self.steps = steps
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
    let batches = (0..<loader.stepsPerEpoch).map { order[$0 * configuration.batch..<($0 + 1) * configuration.batch] }
    let inputs = steps.inputs
    try steps.begin(with: state)
    if let first = batches.first {
      try loader.fill(
        steps.workspace(ofStep: 0), inputs, first, epoch: epoch, globalStep: epoch * batches.count)
    }
    for (index, images) in batches.enumerated() {
      let globalStep = epoch * batches.count + index
      let rates = schedule.rates(step: globalStep)
      let next = LentWorkspace(workspace: steps.workspace(ofStep: index + 1))
      let (loss, norm) = try steps.run(
        step: index,
        StepRates(learningRate: rates.learningRate, momentum: rates.momentum, step: globalStep + 1), changing: &state
      ) { [loader] in
        guard index + 1 < batches.count else { return }
        try loader.fill(next.workspace, inputs, batches[index + 1], epoch: epoch, globalStep: globalStep + 1)
      }
      guard loss.isFinite else { throw diverged("the loss", loss, index) }
      guard norm.isFinite else { throw diverged("the length of the gradient", Float(norm), index) }
      lossSum += Double(loss)
      if steps.hasLogits { correct += countCorrect(images, try steps.logits(ofStep: index)) }
      if configuration.frozenBatchNorm { state.countFrozenBatch() }
      try progress.advance(by: 1)
    }
    try steps.end(&state)
    if let (name, value) = state.nonFinite { throw diverged("a number of `\(name)`", value, loader.stepsPerEpoch - 1) }
    history.append(
      EpochRecord(
        loss: lossSum / Double(loader.stepsPerEpoch),
        accuracy: steps.hasLogits ? Double(correct) / Double(loader.stepsPerEpoch * configuration.batch) : nil))
  }

  private func countCorrect(_ images: ArraySlice<Int>, _ logits: UnsafeBufferPointer<Float>) -> Int {
    let classes = logits.count / max(1, images.count)
    return images.enumerated().count { place, image in
      let row = logits[place * classes..<(place + 1) * classes]
      return row.max() == row[row.startIndex + loader.images.labels[image]]
    }
  }
}
