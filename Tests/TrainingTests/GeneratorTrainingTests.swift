import BenchCore
import Checkpoints
import Foundation
import Graph
import Networks
import Plugins
import Tensor
import Testing
import _Fixtures
import _TestSupport

@testable import Training

/// Generators of ways: two networks, two optimizers.
@Suite struct GeneratorTrainingTests {
  private static let options = TaskOptions(threads: 2)

  private static func configuration() -> TrainingConfiguration {
    var configuration = TrainingConfiguration()
    (configuration.task, configuration.kind) = ("square32", .generator)
    configuration.architecture = ReferenceArchitecture.names(of: .generator)[0]
    (configuration.width, configuration.images, configuration.batch, configuration.epochs) = (4, 96, 8, 2)
    return configuration
  }

  /// G and D are one 1x1 convolution and one linear layer of known weights: both losses by hand.
  @Test func lossesAreThoseOfTheFormula() throws {
    var made = FreshTensors()
    made.convolution("c", 1, 2, window: 1)
    let generator = TrainableNetwork(
      name: "point", inputShape: [1, 1, 2], preprocessing: Preprocessing(mean: [0.5], std: [2]),
      layers: [Layer("Conv2d", name: "c")], tensors: made.list)
    var judging = FreshTensors()
    judging.linear("l", 2, 2, bias: false)
    let critic = TrainableNetwork(
      name: "line", inputShape: [1, 1, 2], layers: [Layer("Flatten"), Layer("Linear", name: "l")], tensors: judging.list
    )
    let images: [Float] = [0.5, 1.5, -1, 0.25]
    let inputs = [
      "images": Tensor(shape: [2, 1, 1, 2], scalars: images),
      "labels": Tensor(shape: [2, 2], scalars: [1, 0, 0, 1]), "goals": Tensor(shape: [2, 2], scalars: [0, 1, 1, 0]),
      "parameter/c.weight": Tensor(shape: [2, 1, 1, 1], scalars: [0.5, -0.25]),
      "parameter/critic.l.weight": Tensor(shape: [2, 2], scalars: [1, 0.5, -0.5, 2]),
    ]
    var graph = GeneratorGraph(generator, critic, batch: 2, classCount: 2)
    var other = graph
    let (criticLoss, generatorLoss) = (try graph.criticOutputs(), try other.generatorOutputs())
    let loss = try graph.graph.evaluate([criticLoss[0]], inputs: inputs)[0].scalars[0]
    let goal = try other.graph.evaluate([generatorLoss[0]], inputs: inputs)[0].scalars[0]
    func crossEntropy(_ x: [Double], _ label: Int) -> Double {
      let logits = [x[0] + 0.5 * x[1], -0.5 * x[0] + 2 * x[1]]
      return log(exp(logits[0]) + exp(logits[1])) - logits[label]
    }
    var (real, fake, aimed, length) = (0.0, 0.0, 0.0, 0.0)
    for (image, label) in [0, 1].enumerated() {
      let x = images[2 * image..<2 * image + 2].map(Double.init)
      // To the other class, in normalised units.
      let way = x.map { (label == 0 ? -0.25 : 0.5) * ($0 - 0.5) / 2 }
      let moved = zip(x, way).map { $0 + 2 * $1 }
      real += crossEntropy(x, label) / 2
      fake += crossEntropy(moved, label) / 2
      aimed += crossEntropy(moved, 1 - label) / 2
      length += (way.reduce(0) { $0 + $1 * $1 } / 2).squareRoot() / 2
    }
    #expect(abs(Double(loss) - (real + 0.01 * fake)) < 1e-5)
    #expect(abs(Double(goal) - (0.3 * aimed + 0.5 * length)) < 1e-5)
    // Of each network its own: three tensors in all.
    #expect(criticLoss.count == 2 && generatorLoss.count == 2)
  }

  @Test func theSameBytesInOneGoInTwoAndOnOneThread() throws {
    for backend in TestedBackend.all { try Engine.$here.withValue(backend) { try theSameBytes() } }
  }

  private func theSameBytes() throws {
    let folder = try TemporaryDirectory()
    func bytes(_ name: String, threads: Int) throws -> Data {
      let directory = folder.url.appendingPathComponent(name)
      let description = try GeneratorTraining(
        Self.configuration(), task: try #require(BuiltinPlugins.all.tasks.first { $0.id == "square32" }),
        options: TaskOptions(threads: threads)
      ).run(in: directory)
      #expect(description.kind == .generator && description.classes == 2)
      return try Data(contentsOf: directory.appendingPathComponent("model.ckpt"))
    }
    let whole = try bytes("whole", threads: 2)
    #expect(try bytes("one", threads: 1) == whole)
    // Stopped after an epoch.
    let training = GeneratorTraining(
      Self.configuration(), task: try #require(BuiltinPlugins.all.tasks.first { $0.id == "square32" }),
      options: Self.options)
    var session = try training.session()
    let run = try TrainingRun(folder.url.appendingPathComponent("stopped"), Self.configuration())
    try session.runEpoch(SilentProgress(), kept: nil)
    try run.save(session.state, of: session.generator, history: session.history)
    #expect(try bytes("stopped", threads: 2) == whole)
    // The critic is no part of what is kept, and the network is read as it is described.
    let file = try CheckpointFile.open(folder.url.appendingPathComponent("whole/model.ckpt").path)
    #expect(try CheckpointReader.stateDict(of: file).names.allSatisfy { !$0.hasPrefix("critic.") })
    var settings = DirectionSettings(["learned", "exact"])
    settings.generator = file.url.path
    let task = try #require(BuiltinPlugins.all.tasks.first { $0.id == "square32" }).make(Self.options)
    let estimators = try settings.estimators(of: task, threads: 1, files: nil)
    #expect(estimators.ids == ["learned", "exact"])
    let set = try task.evaluationImages(count: 3, seed: 0)
    let ways = try estimators.directions(from: set.images, towards: set.labels.map { 1 - $0 })
    #expect(ways[0].shape == set.images.shape && ways[0] != ways[1])
    // One image's way does not depend on the others.
    #expect(
      try estimators.directions(from: set.images[batch: 1..<2], towards: [1 - set.labels[1]])[0].scalars
        == Array(ways[0].item(1)))
  }

  @Test func otherTasksAndKindsAreRefused() throws {
    let folder = try TemporaryDirectory()
    _ = try GeneratorTraining(
      Self.configuration(), task: try #require(BuiltinPlugins.all.tasks.first { $0.id == "square32" }),
      options: Self.options
    ).run(in: folder.url.appendingPathComponent("g"))
    var settings = DirectionSettings(["learned"])
    settings.generator = folder.url.appendingPathComponent("g/model.ckpt").path
    let sphere = try SpherePlugin().make(Self.options)
    #expect { try settings.estimators(of: sphere, threads: 1, files: nil) } throws: {
      "\($0)".contains("was trained for task `square32`")
    }
    settings.generator = nil
    #expect { try settings.estimators(of: sphere, threads: 1, files: nil) } throws: { "\($0)".contains("--generator") }
    var configuration = Self.configuration()
    configuration.augmentation.flip = true
    #expect { try configuration.check() } throws: { "\($0)".contains("none for a generator") }
    configuration = TrainingConfiguration()
    configuration.critic = "resnet18"
    #expect { try configuration.check() } throws: { "\($0)".contains("critic") }
  }
}
