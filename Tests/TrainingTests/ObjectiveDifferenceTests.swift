import BenchCore
import Foundation
import Graph
import Networks
import Plugins
import Tensor
import Testing
import _TestSupport

@testable import Training

/// Weight gradients against central differences of the loss along one random direction in the space of all weights, on a smooth
/// network with batch normalisation in training mode.
@Suite struct ObjectiveDifferenceTests {
  private static let (batch, classes) = (8, 4)

  private struct Setting {
    let network: TrainableNetwork
    let state: NetworkState
    /// Images, directions and noises by the name of the input.
    var inputs: [String: Tensor] = [:]

    init() throws {
      network = try TrainableNetwork(
        architecture: "resnet-small-softplus", NetworkSize(inputShape: [1, 8, 8], classCount: classes, width: 2))
      state = NetworkState(network.tensors, memoriesPerWeight: 1, initialisation: .pytorch, seed: 3)
      let shape: Shape = [batch, 1, 8, 8]
      for name in ["images", "directions", "noise/images", "noise/attack"] {
        let random = RandomStream(seed: 1, name: name)
        let values =
          name == "noise/attack"
          ? random.uniforms(item: 0, count: shape.count) : random.normals(item: 0, count: shape.count)
        inputs[name] = Tensor(shape: shape, scalars: values.map { Float($0) })
      }
      inputs["labels"] = Tensor(
        shape: [batch, classes],
        scalars: (0..<batch * classes).map { $0 / classes % classes == $0 % classes ? 1 : 0 })
    }

    func step(_ objective: any Objective) throws -> TrainingStep {
      let step = try TrainingStep(network, objective, batch: batch, classCount: classes, threads: 1)
      for (name, tensor) in inputs where try step.workspace.inputBuffer(name) != nil {
        try step.workspace.set(name, to: tensor)
      }
      return step
    }

    var directions: [String: [Double]] {
      network.tensors.filter(\.isTrained).reduce(into: [:]) { directions, tensor in
        let random = RandomStream(seed: 2, name: tensor.name)
        directions[tensor.name] = random.normals(item: 0, count: tensor.shape.count)
      }
    }

    /// The derivative along `directions` as the step has it.
    func derivative(_ step: TrainingStep) throws -> Double {
      try step.run(with: state)
      return step.gradients.reduce(0) { sum, item in
        zip(item.values, directions[item.name] ?? []).reduce(sum) { $0 + Double($1.0) * $1.1 }
      }
    }

    func difference(_ step: TrainingStep, _ h: Double = 1e-4) throws -> Double {
      func loss(_ factor: Double) throws -> Double {
        var state = state
        for (name, direction) in directions {
          state.update(name) { weights, _ in
            for index in direction.indices { weights[index] += Float(factor * direction[index]) }
          }
        }
        try step.run(with: state)
        return Double(step.loss)
      }
      return (try loss(h) - loss(-h)) / (2 * h)
    }
  }

  private func agree(_ value: Double, _ expected: Double) -> Bool {
    abs(value - expected) < 0.02 * max(0.1, abs(expected))
  }

  @Test(arguments: ["cross-entropy", "gradient-norm", "smoothness", "randomized-smoothing", "alignment"])
  func agreesWithFiniteDifferences(_ name: String) throws {
    let setting = try Setting()
    let step = try setting.step(ObjectiveCatalogue.make(ObjectiveConfiguration(name, strength: 0.2)))
    let (derivative, difference) = (try setting.derivative(step), try setting.difference(step))
    #expect(agree(difference, derivative), "\(difference), expected \(derivative)")
    if name != CrossEntropy.id {
      // The penalty counts: without it the derivative is another one.
      let plain = try setting.step(CrossEntropy(ObjectiveConfiguration()))
      #expect(try !agree(difference, setting.derivative(plain)))
    }
  }

  /// No derivative flows through the attack: the difference is that of the cross-entropy at the attacked images.
  @Test(arguments: [("pgd-l2", AttackConfiguration.Norm.image), ("pgd-l2", .batch), ("pgd-linf", .image)])
  func attacksAreConstant(_ name: String, _ norm: AttackConfiguration.Norm) throws {
    var setting = try Setting()
    var configuration = ObjectiveConfiguration(name, strength: name == "pgd-linf" ? 0.2 : norm == .batch ? 6 : 2)
    configuration.attack.steps = 3
    configuration.attack.norm = norm
    let objective = try #require(ObjectiveCatalogue.make(configuration) as? any AdversarialObjective)
    let derivative = try setting.derivative(setting.step(objective))

    var attack = TrainingGraph(setting.network, batch: Self.batch, classCount: Self.classes)
    let place = try objective.attackedImages(&attack)
    var inputs = setting.inputs
    for tensor in setting.network.tensors where tensor.isTrained {
      inputs[TrainingGraph.input(ofParameter: tensor.name)] = Tensor(
        shape: tensor.shape, scalars: setting.state.values[tensor.name] ?? [])
    }
    let attacked = try attack.graph.evaluate([place], inputs: inputs)[0]
    let images = try #require(setting.inputs["images"])
    let clean = try setting.step(CrossEntropy(ObjectiveConfiguration()))
    let cleanDerivative = try setting.derivative(clean)
    let cleanLoss = clean.loss
    setting.inputs["images"] = attacked

    let step = try setting.step(CrossEntropy(ObjectiveConfiguration()))
    let difference = try setting.difference(step)
    #expect(agree(difference, derivative), "\(difference), expected \(derivative)")
    #expect(!agree(cleanDerivative, derivative), "the attack changes nothing")
    try step.run(with: setting.state)
    #expect(step.loss > cleanLoss + 0.02, "\(step.loss), clean \(cleanLoss)")

    // The ball, and that it is reached.
    let moves = zip(attacked.scalars, images.scalars).map { Double($0 - $1) }
    let squares = (0..<Self.batch).map { image in
      moves[image * 64..<(image + 1) * 64].reduce(0) { $0 + $1 * $1 }
    }
    let sizes =
      name == "pgd-linf"
      ? [moves.reduce(0) { max($0, abs($1)) }]
      : norm == .batch ? [squares.reduce(0, +).squareRoot()] : squares.map { $0.squareRoot() }
    let largest = try #require(sizes.max())
    #expect(abs(largest - configuration.strength) < 1e-4 * configuration.strength, "\(sizes)")
  }

  /// On glyphs the directions are the derivative of the label's log-odds under the task's own density.
  @Test func directionsOfGlyphsAreExact() throws {
    var configuration = TrainingConfiguration()
    configuration.objective = ObjectiveConfiguration("alignment", strength: 1)
    let options = TaskOptions(dataDirectory: nil, cacheDirectory: nil, threads: 1, progress: SilentProgress())
    let training = ClassifierTraining(configuration, task: GlyphsPlugin(), options: options)
    let set = try #require(try GlyphsPlugin().images(.training, options, count: 6, seed: 3))
    let directions = try #require(try training.directions(of: set))
    let images = try set.images(0..<6)
    let gradients = try directions(images, set.labels)
    let task = try GlyphsPlugin().make(options)
    let classifier = DensityClassifier(try #require(task.density), noise: task.protocolConstants.decisiveNoise)
    func odds(_ images: Tensor) throws -> [Double] {
      let logits = try classifier.logits(images)
      return (0..<6).map { image in
        let row = logits.item(image).map(Double.init)
        let others = row.indices.filter { $0 != set.labels[image] }.map { row[$0] }
        let largest = others.max() ?? 0
        return row[set.labels[image]] - largest - log(others.reduce(0) { $0 + exp($1 - largest) })
      }
    }
    for image in 0..<6 {
      let gradient = gradients.item(image).map(Double.init)
      let length = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
      // Along the gradient, and along a direction of its own.
      let random = RandomStream(seed: 5, name: "direction").normals(item: image, count: gradient.count)
      for direction in [gradient, random] {
        let h = 0.05 / direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
        func moved(_ factor: Double) -> Tensor {
          var scalars = images.scalars
          for (offset, value) in direction.enumerated() {
            scalars[image * gradient.count + offset] += Float(factor * value)
          }
          return Tensor(shape: images.shape, scalars: scalars)
        }
        let difference = (try odds(moved(h))[image] - odds(moved(-h))[image]) / (2 * h)
        let expected = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
        let scale = length * direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(abs(difference - expected) < 0.02 * scale, "image \(image): \(difference), expected \(expected)")
      }
    }
  }
}
