import Checkpoints
import Foundation
import Networks
import Plugins
import Testing

@testable import Training

/// Loss, weight gradients and running statistics against PyTorch in float64; Tests/Fixtures/training/generate.py.
@Suite struct ObjectiveGoldenTests {
  private struct Case: Sendable, CustomTestStringConvertible {
    let golden: String
    let configuration: ObjectiveConfiguration
    var testDescription: String { golden }

    init(_ golden: String, _ strength: Double, batchNorm: Bool = false) {
      self.golden = golden
      let name = golden == "pgd-l2-batch" ? "pgd-l2" : golden
      var configuration = ObjectiveConfiguration(name, strength: strength)
      configuration.noise = 0.25
      configuration.attack.steps = 3
      if golden == "pgd-l2-batch" { configuration.attack.norm = .batch }
      self.configuration = configuration
    }
  }

  private static let cases = [
    Case("cross-entropy", 0), Case("gradient-norm", 0.3), Case("smoothness", 0.7), Case("randomized-smoothing", 0.4),
    Case("pgd-l2", 0.8), Case("pgd-l2-batch", 1.5), Case("pgd-linf", 0.1), Case("alignment", 0.6),
  ]

  private static func fixture() throws -> StateDict {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/training/objectives.pt")
    return try CheckpointReader.stateDict(of: CheckpointFile.open(url.path))
  }

  @Test(arguments: cases.indices)
  func agreesWithPyTorch(_ index: Int) throws {
    let item = Self.cases[index]
    let golden = try Self.fixture()
    let network = try TrainableNetwork(
      architecture: "cnn-small", NetworkSize(inputShape: [2, 8, 9], classCount: 3, width: 2))
    var state = NetworkState(network.tensors, memoriesPerWeight: 1, initialisation: .pytorch, seed: 0)
    for tensor in network.tensors where tensor.isTrained {
      let initial = try golden.tensor("initial/\(tensor.name)").floats()
      state.update(tensor.name) { weights, _ in _ = weights.update(from: initial) }
    }
    for threads in [1, 2] {
      var after = state
      let step = try TrainingStep(
        network, ObjectiveCatalogue.make(item.configuration), batch: 6, classCount: 3, threads: threads)
      try fill(step, golden, item.configuration)
      try step.run(with: after)
      let loss = try golden.tensor("\(item.golden)/loss").doubles()[0]
      #expect(abs(Double(step.loss) - loss) < 2e-5 * max(1, abs(loss)), "loss \(step.loss), expected \(loss)")
      let gradients = step.gradients
      #expect(gradients.count == network.tensors.filter(\.isTrained).count)
      for (name, gradient) in gradients {
        let expected = try golden.tensor("\(item.golden)/gradient/\(name)").doubles()
        #expect(expected.count == gradient.count)
        let scale = expected.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let error = zip(gradient, expected).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
          .squareRoot()
        #expect(scale > 0 && error < 5e-5 * scale, "\(name): relative error \(error / scale)")
      }
      step.track(in: &after)
      for tensor in network.tensors where !tensor.isTrained {
        let expected = try golden.tensor("\(item.golden)/after/\(tensor.name)").doubles()
        let values =
          after.counters[tensor.name].map { [Double($0)] } ?? after.values[tensor.name]?.map(Double.init) ?? []
        #expect(values.count == expected.count)
        for (value, expected) in zip(values, expected) {
          #expect(
            abs(value - expected) < 2e-5 * max(1, abs(expected)), "\(tensor.name): \(value), expected \(expected)")
        }
      }
    }
  }

  private func fill(_ step: TrainingStep, _ golden: StateDict, _ objective: ObjectiveConfiguration) throws {
    func set(_ input: String, _ tensor: String) throws {
      guard let buffer = try step.workspace.inputBuffer(input) else { return }
      let values = try golden.tensor(tensor).floats()
      try #require(values.count == buffer.count)
      _ = buffer.update(from: values)
    }
    try set("images", "images")
    try set("directions", "directions")
    try set("noise/images", "noise/images")
    let isNormal = objective.name == "pgd-l2" && objective.attack.norm == .image
    try set("noise/attack", isNormal ? "noise/attack-normal" : "noise/attack-uniform")
    let labels = try golden.tensor("labels").integersOfFloats()
    let buffer = try #require(try step.workspace.inputBuffer("labels"))
    buffer.update(repeating: 0)
    for (image, label) in labels.enumerated() { buffer[image * 3 + label] = 1 }
  }
}

extension StoredTensor {
  fileprivate func integersOfFloats() throws -> [Int] { try floats().map { Int($0) } }
}
