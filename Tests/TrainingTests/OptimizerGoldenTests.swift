import Checkpoints
import Foundation
import Graph
import Networks
import Tensor
import Testing
import _TestSupport

@testable import Training

/// Every optimizer and schedule, step by step, against torch.optim in float64; Tests/Fixtures/training/generate_optimizers.py.
@Suite struct OptimizerGoldenTests {
  private static let (epochs, stepsPerEpoch, weightCount) = (4, 5, 5)
  private static let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/training/optimizers.pt").path

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
    let golden = try CheckpointReader.stateDict(of: CheckpointFile.open(Self.fixture))
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
              weights, gradient: gradient, factor: Clipping.factor(norm: norm, limit: item.clipping), memory: base,
              coefficients: optimizer.coefficients(learningRate: rate, momentum: momentum, step: step + 1))
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

  /// The same as operators, on everything that computes graphs.
  @Test(arguments: cases.indices)
  func agreesWithPyTorchAsAGraph(_ index: Int) throws {
    let item = Self.cases[index]
    let golden = try CheckpointReader.stateDict(of: CheckpointFile.open(Self.fixture))
    let path = try golden.tensor("\(item.name)/weights").doubles()
    let gradients = try golden.tensor("gradients").floats()
    let schedule = Schedule(
      configuration: item.schedule, optimizer: item.optimizer, epochs: Self.epochs, stepsPerEpoch: Self.stepsPerEpoch)
    let optimizer = item.optimizer.optimizer
    // Two tensors: they are neighbours in a vector, with a gap.
    var made = FreshTensors()
    made.linear("l", 4, 1)
    let tensors = made.list
    var graph = Graph()
    let weights = try ResidentWeights(tensors, optimizer: optimizer, in: &graph)
    let inputs = tensors.map { graph.input("gradient/\($0.name)", $0.shape) }
    let (norm, replacing) = try weights.step(inputs, clipping: item.clipping, in: &graph)
    for backend in TestedBackend.all {
      var state = NetworkState(
        tensors, memoriesPerWeight: type(of: optimizer).memoriesPerWeight, initialisation: .pytorch, seed: 0)
      let initial = try golden.tensor("initial").floats()
      state.replace("l.weight", with: initial[..<4])
      state.replace("l.bias", with: initial[4...])
      let workspace = try backend.compile(graph, outputs: [norm] + replacing.map(\.value)).makeWorkspace(threads: 1)
      for step in 0..<Self.epochs * Self.stepsPerEpoch {
        let gradient = gradients[step * Self.weightCount..<(step + 1) * Self.weightCount]
        let rates = schedule.rates(step: step)
        let numbers = weights.coefficients(
          StepRates(learningRate: rates.learningRate, momentum: rates.momentum, step: step + 1))
        var values = weights.vectors(of: state)
        values[weights.ratesInput] = numbers
        values["gradient/l.weight"] = Array(gradient.prefix(4))
        values["gradient/l.bias"] = Array(gradient.dropFirst(4))
        for (name, numbers) in values { try numbers.withUnsafeBufferPointer { try workspace.set(name, to: $0) } }
        try workspace.run()
        let length = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        #expect(abs(Double(try workspace.outputBuffer(0)[0]) - length) < 1e-6 * length)
        var vectors: [String: [Float]] = [:]
        for (place, output) in replacing.enumerated() {
          vectors[output.name] = Array(try workspace.outputBuffer(1 + place))
        }
        weights.take(vectors, into: &state)
        let here = (state.values["l.weight"] ?? []) + (state.values["l.bias"] ?? [])
        for (place, weight) in here.enumerated() {
          let expected = path[step * Self.weightCount + place]
          #expect(
            abs(Double(weight) - expected) < 3e-6 * max(1, abs(expected)),
            "\(backend.name), step \(step): \(weight), not \(expected)")
        }
      }
    }
  }
}
