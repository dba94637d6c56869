import Checkpoints
import Foundation
import Testing

@testable import Training

/// Every optimizer and schedule, step by step, against torch.optim in float64; Tests/Fixtures/training/generate_optimizers.py.
@Suite struct OptimizerGoldenTests {
  private static let (epochs, stepsPerEpoch, weightCount) = (4, 5, 5)

  private struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    var optimizer = OptimizerConfiguration()
    var schedule = ScheduleConfiguration()
    var clipping: Double?
    var testDescription: String { name }

    init(_ name: String, _ schedule: ScheduleConfiguration.Name, _ change: (inout Case) -> Void) {
      self.name = name
      self.schedule.name = schedule
      optimizer.name = name.hasPrefix("sgd") ? .sgd : .adam
      optimizer.learningRate = name.hasPrefix("sgd") ? 0.1 : 0.01
      change(&self)
    }
  }

  private static let cases = [
    Case("sgd", .constant) { $0.optimizer.momentum = 0 },
    Case("sgd-momentum-step", .step) {
      $0.optimizer.weightDecay = 0.05
      $0.schedule.milestones = [0.5, 0.8]
    },
    Case("sgd-nesterov-cosine", .cosine) {
      $0.optimizer.nesterov = true
      $0.optimizer.weightDecay = 0.05
      $0.clipping = 2
    },
    Case("sgd-one-cycle", .oneCycle) { $0.clipping = 2 },
    Case("adam", .constant) { _ in },
    Case("adam-one-cycle", .oneCycle) {
      $0.optimizer.weightDecay = 0.05
      $0.clipping = 2
    },
    Case("adam-cosine", .cosine) {
      $0.optimizer.beta1 = 0.8
      $0.optimizer.beta2 = 0.99
      $0.optimizer.epsilon = 1e-3
    },
  ]

  @Test(arguments: cases.indices)
  func agreesWithPyTorch(_ index: Int) throws {
    let item = Self.cases[index]
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/training/optimizers.pt")
    let golden = try CheckpointReader.stateDict(of: CheckpointFile.open(url.path))
    let path = try golden.tensor("\(item.name)/weights").doubles()
    let rates = try golden.tensor("\(item.name)/rates").doubles()
    let gradients = try golden.tensor("gradients").floats()
    let schedule = Schedule(
      configuration: item.schedule, optimizer: item.optimizer, epochs: Self.epochs, stepsPerEpoch: Self.stepsPerEpoch)
    let optimizer = item.optimizer.optimizer
    var weights = try golden.tensor("initial").floats()
    var memory = [Float](repeating: 0, count: type(of: optimizer).memoriesPerWeight * Self.weightCount)
    let total = Self.epochs * Self.stepsPerEpoch
    try #require(rates.count == total && path.count == total * Self.weightCount)
    for step in 0..<total {
      let gradient = Array(gradients[step * Self.weightCount..<(step + 1) * Self.weightCount])
      let norm = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      let (rate, momentum) = schedule.rates(step: step)
      #expect(abs(rate - rates[step]) < 1e-12 + 1e-9 * rates[step], "step \(step): rate \(rate), not \(rates[step])")
      weights.withUnsafeMutableBufferPointer { weights in
        gradient.withUnsafeBufferPointer { gradient in
          memory.withUnsafeMutableBufferPointer { memory in
            guard let base = memory.baseAddress else { return }
            optimizer.update(
              weights, gradient: gradient, factor: TrainingSession.clippingFactor(norm: norm, limit: item.clipping),
              memory: base, learningRate: rate, momentum: momentum, step: step + 1)
          }
        }
      }
      for (place, weight) in weights.enumerated() {
        let expected = path[step * Self.weightCount + place]
        #expect(
          abs(Double(weight) - expected) < 3e-6 * max(1, abs(expected)), "step \(step): \(weight), not \(expected)")
      }
    }
  }
}
