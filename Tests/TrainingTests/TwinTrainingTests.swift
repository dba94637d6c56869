import BenchCore
import Checkpoints
import Foundation
import Graph
import JSON
import Networks
import Plugins
import Tensor
import Testing

@testable import Training

/// The network of a checkpoint, anew.
@Suite struct TwinTrainingTests {
  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures")

  private static func checkpoint(_ name: String) throws -> CheckpointFile {
    try CheckpointFile.open(fixtures.appendingPathComponent(name).path)
  }

  private static func description(_ layers: JSONValue?) -> ModelDescription {
    var description = ModelDescription(id: "original", name: "Original")
    description.architecture = layers
    return description
  }

  private static func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("twin-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }

  private static let options = TaskOptions(
    dataDirectory: nil, cacheDirectory: nil, threads: 1, progress: SilentProgress())

  /// Of `TinyTask`.
  private static func small() -> TrainingConfiguration {
    var configuration = TrainingConfiguration()
    configuration.task = TinyTask().id
    configuration.batch = 16
    configuration.epochs = 2
    return configuration
  }

  // MARK: What the network is

  struct LayerCase: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let inputShape: [Int]
    let layers: JSONValue
    var testDescription: String { name }
  }

  /// Every type of layer, with every option: the lists that the engine's layers are checked with.
  static let layerCases: [LayerCase] = {
    let url = fixtures.appendingPathComponent("models/layers.json")
    return (try? JSONDecoding.decode([LayerCase].self, from: Data(contentsOf: url), source: "layers.json")) ?? []
  }()

  @Test(arguments: layerCases) func everyLayerTypeIsTrainedAnew(_ example: LayerCase) throws {
    let original = try Self.checkpoint("models/layers.pt")
    let copy = try UntrainedCopy(
      of: original, Self.description(example.layers), LoadOptions(imageShape: Shape(example.inputShape)))
    let stored = try CheckpointReader.stateDict(of: original)
    #expect(!copy.network.tensors.isEmpty)
    for tensor in copy.network.tensors {
      #expect(tensor.name.hasPrefix("\(example.name).") && stored[tensor.name]?.shape == tensor.shape.dimensions)
    }
    let count = 16
    let random = RandomStream(seed: 1, name: "twin")
    let shape = Shape(example.inputShape)
    let images = TensorImages(
      ImageSet(
        name: "noise", split: "training",
        images: Tensor(
          shape: shape.prepending(count),
          scalars: (0..<count).flatMap { random.uniforms(item: $0, count: shape.count).map(Float.init) }),
        labels: (0..<count).map { $0 % copy.classCount }), classCount: copy.classCount)
    var configuration = Self.small()
    configuration.batch = 8
    configuration.epochs = 1
    let trainer = try Trainer(
      configuration, network: copy.network, objective: CrossEntropy(configuration.objective), images: images)
    let trained = try [1, 3].map { try trainer.train(threads: $0) }
    #expect(try trained[0].checkpoint() == trained[1].checkpoint())
    // Its own description reads it.
    let logits = try trained[0].classifier(threads: 1).logits(try images.images(0..<2))
    #expect(logits.shape == [2, copy.classCount] && logits.scalars.allSatisfy(\.isFinite))
    #expect(try trained[0].network.architecture.arrayValue != nil)
  }

  /// A built-in network as a checkpoint: the copy has the same tensors in the same order, and each begins alike.
  @Test(arguments: TrainableNetwork.architectures) func rolesAreThoseOfNewNetworks(_ architecture: String) throws {
    // A window of 4 x 4 is told from the whole map only where that is larger.
    let images: Shape = architecture.hasSuffix("-window4") ? [1, 56, 28] : [1, 28, 28]
    let size = NetworkSize(inputShape: images, classCount: 10, width: 4)
    let network = try TrainableNetwork(architecture: architecture, size)
    let state = NetworkState(network.tensors, memoriesPerWeight: 0, initialisation: .pytorch, seed: 0)
    let bytes = try TrainedNetwork(network: network, state: state, history: []).checkpoint()
    let copy = try UntrainedCopy(
      of: CheckpointFile(name: "model.ckpt", data: bytes), nil,
      LoadOptions(architecture: architecture, imageShape: size.inputShape))
    #expect(copy.network.tensors == network.tensors && copy.network.layers == network.layers)
    #expect(try copy.classCount == 10 && copy.network.architecture == .string(architecture))
    #expect(copy.preprocessingIsAssumed)
  }

  /// Limiting pixels is part of the network, and what is written says so.
  @Test func limitedPixelsStayLimited() throws {
    let shape: Shape = [3, 12, 12]
    let copy = try UntrainedCopy(of: Self.checkpoint("models/robustness.pt"), nil, LoadOptions(imageShape: shape))
    #expect(copy.network.clampsInput && !copy.preprocessingIsAssumed)
    let state = NetworkState(copy.network.tensors, memoriesPerWeight: 0, initialisation: .pytorch, seed: 0)
    let classifier = try TrainedNetwork(network: copy.network, state: state, history: []).classifier(threads: 1)
    let random = RandomStream(seed: 1, name: "pixels")
    let wide = random.normals(item: 0, count: shape.count).map(Float.init)
    func logits(_ pixels: [Float]) throws -> [Float] {
      try classifier.logits(Tensor(shape: shape.prepending(1), scalars: pixels)).scalars
    }
    #expect(try logits(wide) == logits(wide.map { min(1, max(0, $0)) }))
    #expect(try logits(wide) != logits(wide.map { $0 / 2 }))
  }

  @Test func graphsWantALayerList() throws {
    let graph = try Self.checkpoint("onnx/perceptron.onnx")
    let model = try ONNXReader.model(of: graph)
    let shape = try #require(Shape(checking: [1, 1, 6]))
    let error = #expect(throws: ModelError.self) {
      try UntrainedCopy(of: graph, nil, LoadOptions(imageShape: shape))
    }
    #expect(error?.description.contains("layer list in a model.json") ?? false)
    #expect(error?.description.contains("evaluate --standard") ?? false)
    // The initialisers are its tensors.
    let weights = model.graph.initializers.values.filter { $0.name.hasSuffix(".weight") && $0.shape.count == 2 }
    let first = try #require(weights.min { $0.name < $1.name })
    let layers = JSONValue.array([
      .object([JSONMember(key: "type", value: .string("Flatten"))]),
      .object([
        JSONMember(key: "type", value: .string("Linear")),
        JSONMember(key: "name", value: .string(String(first.name.dropLast(".weight".count)))),
      ]),
    ])
    let copy = try UntrainedCopy(
      of: graph, Self.description(layers), LoadOptions(imageShape: [1, 1, first.shape[1]]))
    #expect(copy.network.tensors.contains { $0.name == first.name && $0.role == .weight(fanIn: first.shape[1]) })
  }

  // MARK: Its training

  private static func original(
    in folder: URL, objective: String = "gradient-norm"
  ) throws -> (TwinTraining.Original, TrainingConfiguration) {
    var configuration = small()
    configuration.width = 2
    configuration.objective = ObjectiveConfiguration(objective, strength: objective == "cross-entropy" ? 0 : 0.1)
    let description = try ClassifierTraining(configuration, task: TinyTask(), options: options).run(in: folder)
    return (
      TwinTraining.Original(
        id: description.id, checkpoint: try .open(folder.appendingPathComponent("model.ckpt").path),
        description: description), configuration
    )
  }

  /// With the model's own recipe the twin is what training it without the objective makes.
  @Test func aTwinIsTheSameNetworkWithoutTheObjective() throws {
    try Self.withFolder { folder in
      let (original, recipe) = try Self.original(in: folder.appendingPathComponent("robust"))
      let (standard, _) = try Self.original(in: folder.appendingPathComponent("standard"), objective: "cross-entropy")
      let training = try TwinTraining(of: original, recipe, task: TinyTask(), options: Self.options)
      let twinFolder = folder.appendingPathComponent("twin")
      let twin = try training.run(in: twinFolder)
      #expect(try Data(contentsOf: twinFolder.appendingPathComponent("model.ckpt")) == standard.checkpoint.data)
      #expect(twin.id == "robust-twin" && twin.task == TinyTask().id && twin.architecture == .string("cnn-small"))
      #expect(twin.claims?.standardAccuracy == twin.claims?.accuracy)
      let text = twin.source?.training ?? ""
      #expect(text.contains("twin of robust") && text.contains(original.checkpoint.sha256), "\(text)")
      let read = try TrainingConfiguration.read(twinFolder.appendingPathComponent("recipe.json"))
      #expect(read == training.configuration && read.twinOf?.id == "robust" && read.twinOf?.layers == nil)
      // The recipe alone does not say what the network is.
      let error = #expect(throws: TrainingError.self) {
        try ClassifierTraining(read, task: TinyTask(), options: Self.options).trainer()
      }
      #expect(error?.description.contains("pags-bench twin") ?? false)
    }
  }

  /// A layer list is written as it was given, and a training that was stopped goes on.
  @Test func aStoppedTwinGoesOnToTheSameBytes() throws {
    try Self.withFolder { folder in
      let layers = try JSONDecoding.parse(
        Data(
          """
          [{"type": "Conv2d", "name": "0", "stride": 2}, {"type": "GroupNorm", "name": "1", "numGroups": 2},
           {"type": "ReLU"}, {"type": "Flatten"}, {"type": "Linear", "name": "4"}]
          """.utf8), source: "layers")
      func tensor(_ name: String, _ shape: [Int]) -> TensorToWrite {
        TensorToWrite(name: name, shape: shape, floats: [Float](repeating: 0.5, count: shape.reduce(1, *)))
      }
      let bytes = try PyTorchZipWriter.encode([
        tensor("0.weight", [4, 1, 3, 3]), tensor("1.weight", [4]), tensor("1.bias", [4]), tensor("4.weight", [3, 36]),
        tensor("4.bias", [3]),
      ])
      let original = TwinTraining.Original(
        id: "listed", checkpoint: CheckpointFile(name: "listed.pt", data: bytes),
        description: Self.description(layers), preprocessing: Preprocessing(mean: [0.25], std: [0.5]))
      func twin(_ progress: any ProgressReporter = SilentProgress()) throws -> TwinTraining {
        try TwinTraining(
          of: original, Self.small(), task: TinyTask(),
          options: TaskOptions(dataDirectory: nil, cacheDirectory: nil, threads: 2, progress: progress))
      }
      let (first, second) = (folder.appendingPathComponent("first"), folder.appendingPathComponent("second"))
      let description = try twin().run(in: first)
      #expect(description.architecture == layers && description.id == "listed-twin")
      #expect(description.preprocessing == Preprocessing(mean: [0.25], std: [0.5]))
      #expect(throws: CancellationError.self) { try twin(StopsOnce(after: 15)).run(in: second) }
      #expect(!FileManager.default.fileExists(atPath: second.appendingPathComponent("model.json").path))
      _ = try twin().run(in: second)
      let files = ["model.ckpt", "model.json", "recipe.json", "history.json"]
      #expect(try FileManager.default.contentsOfDirectory(atPath: second.path).sorted() == files.sorted())
      for file in files {
        let contents = try [first, second].map { try Data(contentsOf: $0.appendingPathComponent(file)) }
        #expect(contents[0] == contents[1], "\(file)")
      }
    }
  }

  private final class StopsOnce: ProgressReporter, @unchecked Sendable {
    // Only the trainer's own thread counts.
    private var left: Int

    init(after steps: Int) { left = steps }

    func begin(_ stage: String, total: Int) {}
    func note(_ text: String) {}
    func advance(by units: Int) throws {
      left -= 1
      if left == 0 { throw CancellationError() }
    }
  }

  @Test func whatCannotBeTrainedLeavesNoFolder() throws {
    try Self.withFolder { folder in
      let (original, recipe) = try Self.original(in: folder.appendingPathComponent("robust"))
      // Ten classes where the task has three.
      let other = try TrainableNetwork(
        architecture: "cnn-small", NetworkSize(inputShape: [1, 8, 8], classCount: 10, width: 2))
      let state = NetworkState(other.tensors, memoriesPerWeight: 0, initialisation: .pytorch, seed: 0)
      let wide = TwinTraining.Original(
        id: "wide",
        checkpoint: CheckpointFile(
          name: "wide.ckpt", data: try TrainedNetwork(network: other, state: state, history: []).checkpoint()),
        description: nil)
      let error = #expect(throws: EvaluationError.self) {
        try TwinTraining(of: wide, recipe, task: TinyTask(), options: Self.options)
      }
      #expect(error?.description.contains("has 10 classes") ?? false)
      var large = recipe
      large.batch = 65536
      let place = folder.appendingPathComponent("twin")
      #expect(throws: TrainingError.self) {
        try TwinTraining(of: original, large, task: TinyTask(), options: Self.options).run(in: place)
      }
      #expect(!FileManager.default.fileExists(atPath: place.path))
    }
  }

  /// More memory than any machine of today has is an error before any is taken.
  @Test func largeBatchesAreRefused() throws {
    let network = try TrainableNetwork(
      architecture: "resnet18", NetworkSize(inputShape: [3, 64, 64], classCount: 10))
    let error = #expect(throws: (any Error).self) {
      try TrainingStep(
        network, CrossEntropy(ObjectiveConfiguration()), batch: 65536, classCount: 10, threads: 1)
    }
    #expect(error is ModelError || error is GraphError, "\(error.map { "\($0)" } ?? "")")
  }

  // MARK: Public checkpoints

  /// `../shared` beside the package, or beside the folder of its work trees.
  private static let shared: URL? = ["../../../shared", "../../../../shared"]
    .map { fixtures.appendingPathComponent($0).standardizedFileURL }
    .first { FileManager.default.fileExists(atPath: $0.appendingPathComponent("models").path) }

  @Test(.enabled(if: shared != nil, "../shared is not here"))
  func publicNetworksHaveTwins() throws {
    let models = try #require(Self.shared).appendingPathComponent("models")
    let package = Self.fixtures.deletingLastPathComponent().deletingLastPathComponent()
    let loader = ModelLoader(ProjectFiles(root: package), plugins: BuiltinPlugins.all.models)
    for (file, parameters) in [
      ("cifar10-resnet20.th", 269_722), ("mnist-lenet5-adversarial.pt", 648_226),
      ("regimes/cifar_sgd.model.json", 214_918),
    ] {
      let path = models.appendingPathComponent(file).path
      guard FileManager.default.fileExists(atPath: path) else { continue }
      let candidate = try loader.find(path, description: nil, server: nil)
      let shape: Shape = candidate.description?.task == "mnist" ? [1, 28, 28] : [3, 32, 32]
      let copy = try UntrainedCopy(of: candidate.checkpoint, candidate.description, LoadOptions(imageShape: shape))
      let trained = copy.network.tensors.filter(\.isTrained).reduce(0) { $0 + $1.shape.count }
      #expect(trained == parameters, "\(file)")
      #expect(copy.classCount == 10 && !copy.preprocessingIsAssumed)
    }
  }
}
