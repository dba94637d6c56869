import BenchCore
import Checkpoints
import Foundation
import Graph
import Networks
import Plugins
import Tensor
import Testing
import _Fixtures

@testable import Training

/// Training as the direction paper does: where gradients are to point, the linear margin, frozen batch normalisation, Adam's betas.
@Suite struct DirectionTrainingTests {
  private static let options = TaskOptions(threads: 2)

  /// Weights after each of three steps against PyTorch in float64; Tests/Fixtures/training/generate_direction.py.
  @Test(arguments: [("cross-entropy", 0), ("alignment", 0.4), ("pgd-linf", 0.3)])
  func agreesWithPyTorch(name: String, strength: Double) throws {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/training/direction.pt")
    let golden = try CheckpointReader.stateDict(of: CheckpointFile.open(url.path))
    let network = try TrainableNetwork(
      architecture: "mlp", NetworkSize(inputShape: [1, 3, 4], classCount: 3, width: 6))
    var objective = ObjectiveConfiguration(name, strength: strength)
    objective.attack.steps = 4
    objective.attack.loss = .linearMargin
    var settings = OptimizerConfiguration()
    (settings.learningRate, settings.beta1, settings.beta2) = (0.01, 0, 0.9)
    let optimizer = settings.optimizer
    var state = NetworkState(
      network.tensors, memoriesPerWeight: type(of: optimizer).memoriesPerWeight, initialisation: .pytorch, seed: 0)
    for tensor in network.tensors where tensor.isTrained {
      let initial = try golden.tensor("initial/\(tensor.name)").floats()
      state.update(tensor.name) { weights, _ in _ = weights.update(from: initial) }
    }
    let step = try TrainingStep(
      network, ObjectiveCatalogue.make(objective), batch: 5, classCount: 3, freezesStatistics: true, threads: 1)
    func set(_ input: String, _ values: [Float]) throws {
      guard let buffer = try step.workspace.inputBuffer(input) else { return }
      try #require(values.count == buffer.count)
      _ = buffer.update(from: values)
    }
    try set("images", try golden.tensor("images").floats())
    try set("directions", try golden.tensor("directions").floats())
    try set("noise/attack", try golden.tensor("noise/attack").floats())
    let labels = try golden.tensor("labels").floats().map { Int($0) }
    try set("labels", labels.flatMap { label in (0..<3).map { $0 == label ? 1 : 0 } })
    for number in 0..<3 {
      try step.run(with: state)
      let loss = try golden.tensor("\(name)/\(number)/loss").doubles()[0]
      #expect(abs(Double(step.loss) - loss) < 1e-5, "step \(number): \(step.loss), expected \(loss)")
      for (weight, gradient) in step.gradients {
        state.update(weight) { weights, memory in
          optimizer.update(
            weights, gradient: gradient, factor: 1, memory: memory,
            coefficients: optimizer.coefficients(learningRate: 0.01, momentum: settings.beta1, step: number + 1))
        }
        let expected = try golden.tensor("\(name)/\(number)/\(weight)").doubles()
        for (value, wanted) in zip(state.values[weight] ?? [], expected) {
          // A step without memory has the gradient's sign, whatever its size: 0.01 a number.
          #expect(abs(Double(value) - wanted) < 1e-4, "\(weight) after step \(number): \(value), expected \(wanted)")
        }
      }
      // Nothing is tracked.
      step.track(in: &state)
    }
    #expect(state.values["bn1.running_mean"] == [0, 0, 0, 0, 0, 0])
    #expect(state.values["bn2.running_var"] == [1, 1, 1, 1, 1, 1])
  }

  private static func configuration(_ direction: AlignmentDirection, task: String = "sphere") -> TrainingConfiguration {
    var configuration = TrainingConfiguration()
    (configuration.task, configuration.architecture, configuration.width) = (task, "mlp", 8)
    configuration.objective = ObjectiveConfiguration("alignment", strength: 1)
    configuration.objective.direction = direction
    (configuration.images, configuration.batch, configuration.epochs) = (64, 16, 1)
    return configuration
  }

  /// Away from the closest point of the other class: outwards for the outer sphere, inwards for the inner one.
  @Test func exactDirectionsOfTheSphere() throws {
    let training = ClassifierTraining(Self.configuration(.init(.exact)), task: SpherePlugin(), options: Self.options)
    let images = try #require(try SpherePlugin().images(.training, Self.options, count: 20, seed: 7))
    let points = try images.images(0..<20)
    let made = try #require(try training.directions(of: images))
    let directions = try made(points, images.labels)
    for (image, cosine) in cosineSimilarities(directions, points).enumerated() {
      #expect(abs(cosine - (images.labels[image] == 1 ? 1 : -1)) < 1e-5)
    }
  }

  @Test func directionsOfAFileAreTurnedRound() throws {
    let folder = try TemporaryDirectory()
    let images = try #require(try SpherePlugin().images(.training, Self.options, count: 64, seed: 7))
    let ways = RandomStream(seed: 1, name: "ways").normals(item: 0, count: 65 * 500).map(Float.init)
    func write(_ name: String, _ tensor: String, _ shape: [Int], _ values: [Float]) throws -> String {
      let path = folder.url.appendingPathComponent(name).path
      try SafetensorsWriter.write([TensorToWrite(name: tensor, shape: shape, floats: values)], to: path)
      return path
    }
    let path = try write("ways.safetensors", "directions", [65, 1, 20, 25], ways)
    func directions(_ direction: AlignmentDirection, _ change: (inout TrainingConfiguration) -> Void = { _ in }) throws
      -> Directions?
    {
      var configuration = Self.configuration(direction)
      change(&configuration)
      return try ClassifierTraining(configuration, task: SpherePlugin(), options: Self.options).directions(of: images)
    }
    let made = try #require(try directions(.init(.file, file: path)))
    let found = try made(try images.images(0..<64), images.labels)
    #expect(found.scalars == ways.prefix(64 * 500).map { -$0 })
    let others = [
      (try write("few.safetensors", "directions", [63, 1, 20, 25], Array(ways.prefix(63 * 500))), "N of at least 64"),
      (try write("name.safetensors", "ways", [65, 1, 20, 25], ways), "a tensor `directions`"),
      (try write("shape.safetensors", "directions", [65, 500, 1, 1], ways), "[N, 1, 20, 25]"),
      (
        try write("nan.safetensors", "directions", [65, 1, 20, 25], ways.enumerated().map { $0 == 1000 ? .nan : $1 }),
        "finite numbers"
      ),
    ]
    for (path, words) in others {
      #expect { try directions(.init(.file, file: path)) } throws: { "\($0)".contains(words) }
    }
    #expect { try directions(.init(.file, file: path, sha256: String(repeating: "0", count: 64))) } throws: {
      "\($0)".contains("as in the recipe")
    }
    #expect { try directions(.init(.file, file: path)) { $0.augmentation.flip = true } } throws: {
      "\($0)".contains("no file for augmented images")
    }
  }

  @Test func directionsThatATaskDoesNotKnow() throws {
    for (source, words) in [(AlignmentDirection.Source.projected, "no fitted mixture"), (.density, "does not know")] {
      let training = ClassifierTraining(Self.configuration(.init(source)), task: SpherePlugin(), options: Self.options)
      let images = try #require(try SpherePlugin().images(.training, Self.options, count: 20, seed: 7))
      #expect { try training.directions(of: images) } throws: { "\($0)".contains(words) }
    }
    for direction in [AlignmentDirection(.learned), AlignmentDirection(.nearest, file: "x")] {
      #expect { try Self.configuration(direction).check() } throws: { "\($0)".contains("objective.direction") }
    }
    var other = Self.configuration(.init(.nearest))
    other.objective.name = "cross-entropy"
    #expect { try other.check() } throws: { "\($0)".contains("it is of alignment") }
  }

  /// A recipe keeps all of it, and one without says nothing of it.
  @Test func recipesKeepIt() throws {
    let folder = try TemporaryDirectory()
    var configuration = Self.configuration(.init(.learned, file: "g.ckpt", sha256: String(repeating: "a", count: 64)))
    configuration.frozenBatchNorm = true
    configuration.objective.attack.loss = .linearMargin
    (configuration.optimizer.beta1, configuration.optimizer.beta2) = (0, 0.9)
    let run = try TrainingRun(folder.url.appendingPathComponent("a"), configuration)
    #expect(try TrainingConfiguration.read(run.recipeURL) == configuration)
    let plain = try TrainingRun(folder.url.appendingPathComponent("b"), TrainingConfiguration())
    let text = try String(contentsOf: plain.recipeURL, encoding: .utf8)
    for word in ["frozenBatchNorm", "direction", "loss", "critic"] { #expect(!text.contains("\"\(word)\"")) }
  }

  /// The penalty turns the gradient: after the same few steps it has more alpha than a network trained without.
  @Test func penalisedNetworksPointOutwards() throws {
    func cosine(_ strength: Double) throws -> Double {
      var configuration = Self.configuration(.init(.exact))
      configuration.objective = ObjectiveConfiguration(
        strength == 0 ? "cross-entropy" : "alignment", strength: strength)
      if strength > 0 { configuration.objective.direction = .init(.exact) }
      (configuration.images, configuration.width, configuration.epochs) = (512, 32, 2)
      configuration.frozenBatchNorm = true
      let trained = try ClassifierTraining(configuration, task: SpherePlugin(), options: Self.options).trainer().train()
      // Read as it was trained, without the word that its statistics were never computed.
      let file = CheckpointFile(name: "model.ckpt", data: try trained.checkpoint())
      let loaded = try StateDictPlugin().load(file, nil, LoadOptions(imageShape: [1, 20, 25], classCount: 2))
      #expect(loaded.architecture == "mlp" && !loaded.warnings.contains { $0.contains("never computed") })
      let set = try SpherePlugin().make(Self.options).evaluationImages(count: 50, seed: 1)
      let gradient = try trained.classifier(threads: 1).inputGradients(at: set.images) { logits, _ in
        [Tensor(shape: logits.shape, scalars: (0..<50).flatMap { _ in [-1, 1] as [Float] })]
      }.gradients[0]
      return cosineSimilarities(gradient, set.images).reduce(0, +) / 50
    }
    let (plain, penalised) = (try cosine(0), try cosine(1))
    #expect(penalised > plain + 0.1, "\(plain), \(penalised)")
  }
}
