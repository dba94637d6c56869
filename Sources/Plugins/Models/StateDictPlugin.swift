import BenchCore
import Checkpoints
import JSON
import Tensor

/// Checkpoints that hold named tensors: the network comes from `--arch`, the description, or recognition.
public struct StateDictPlugin: ModelPlugin {
  public static let id = "state-dict"
  public static let version = "1"
  public static let summary = "named tensors: PyTorch (zip and legacy) and safetensors, into the built-in engine"

  public static let facts = ModelPluginFacts(
    files: [
      "torch.save of a state_dict or of a dictionary that holds one (zip and legacy)", "safetensors",
      "a pickle of NumPy arrays",
    ],
    notes: [
      "Pickles are interpreted by an allow-list and never executed",
      "The network is recognised from names and shapes of tensors, named with --arch, or described as layers in model.json",
    ],
    examples: [
      "pags-bench evaluate MODEL.pth",
      "pags-bench evaluate MODEL.pth --arch resnet18 --mean 0.5,0.5,0.5 --std 0.25,0.25,0.25",
      "pags-bench run MODEL.pth --inputs images.safetensors --outputs out.safetensors",
    ],
    pages: ["docs/add-a-model.md"])

  public init() {}

  public static func recognizes(_ probe: FileProbe) -> Bool {
    switch probe.format {
    // The reader refuses tar archives itself, and says what to do.
    case .pytorchZip, .pytorchLegacy, .pytorchTar, .pickle, .safetensors: true
    case .onnx, nil: false
    }
  }

  public func load(
    _ checkpoint: CheckpointFile, _ description: ModelDescription?, _ options: LoadOptions
  ) throws -> LoadedModel {
    let stateDict = try CheckpointReader.stateDict(of: checkpoint)
    let weights = WeightSource(stateDict)
    let recognised = try architecture(weights, description, options)
    let inputShape = try inputShape(recognised, options, weights)
    let (preprocessing, isAssumed, clamps) = preprocessing(stateDict, description, options, channels: inputShape[0])
    let network = Network(
      inputShape: inputShape, preprocessing: preprocessing, clampsInput: clamps, layers: recognised.layers,
      weights: weights)
    let classifier = try NetworkClassifier(
      network, batch: options.batch(for: network.inputShape), lowersBatch: options.batch == nil,
      threads: options.threads)
    var notes = stateDict.notes
    let unused = weights.unused
    try requireUsed(
      unused, recognised, weights, isGuess: options.architecture == nil && description?.architecture == nil)
    if !unused.isEmpty {
      notes.append(
        (unused.count == 1 ? "1 tensor is" : "\(unused.count) tensors are") + " not used by the network: "
          + unused.prefix(4).joined(separator: ", ") + (unused.count > 4 ? ", ..." : ""))
    }
    return LoadedModel(
      classifier: classifier, architecture: recognised.name, parameters: weights.parameterCount,
      preprocessing: preprocessing, preprocessingIsAssumed: isAssumed, notes: notes, unusedTensors: unused.count)
  }

  private func architecture(
    _ weights: WeightSource, _ description: ModelDescription?, _ options: LoadOptions
  ) throws -> RecognisedNetwork {
    func named(_ name: String) throws -> RecognisedNetwork {
      try ArchitectureLookup.network(named: name, weights, imageShape: options.imageShape)
    }
    if let name = options.architecture { return try named(name) }
    switch description?.architecture {
    case nil: return try ArchitectureLookup.recognise(weights, imageShape: options.imageShape)
    case .string(let name)?: return try named(name)
    case let list?:
      // As a member of an object, so that paths in messages are those of the file.
      let document = JSONValue.object([JSONMember(key: "architecture", value: list)])
      let source = "description `\(description?.id ?? weights.file)`"
      let layers = try JSONDecoding.decode(
        LayerList.self, from: document, source: source, rejectUnknownKeys: true
      ).architecture
      return RecognisedNetwork(name: "layers", layers: layers, inputShape: nil)
    }
  }

  private struct LayerList: Decodable {
    let architecture: [Layer]
  }

  /// A network that was guessed must explain every tensor: one too many is a sign of another network.
  private func requireUsed(
    _ unused: [String], _ network: RecognisedNetwork, _ weights: WeightSource, isGuess: Bool
  ) throws {
    let unexplained = unused.filter { name in !network.ignoredPrefixes.contains { name.hasPrefix($0) } }
    guard !isGuess || unexplained.isEmpty else {
      throw ModelError.unusedTensors(file: weights.file, architecture: network.name, tensors: unexplained)
    }
  }

  /// The task's image size where the network does not insist on its own.
  private func inputShape(
    _ network: RecognisedNetwork, _ options: LoadOptions, _ weights: WeightSource
  ) throws -> Shape {
    if let own = network.inputShape, let given = options.imageShape, own[0] != given[0] {
      throw ModelError.imageChannels(file: weights.file, architecture: network.name, network: own[0], images: given[0])
    }
    guard let shape = options.imageShape ?? network.inputShape else {
      throw ModelError.noInputShape(file: weights.file)
    }
    return shape
  }

  /// In order: the command line, the description, the checkpoint itself, none (assumed).
  private func preprocessing(
    _ stateDict: StateDict, _ description: ModelDescription?, _ options: LoadOptions, channels: Int
  ) -> (Preprocessing, isAssumed: Bool, clamps: Bool) {
    let clamps = stateDict.normalisation?.clampsInput ?? false
    if let given = options.preprocessing { return (given, false, clamps) }
    if let described = description?.preprocessing { return (described, false, clamps) }
    if let own = stateDict.normalisation { return (Preprocessing(mean: own.mean, std: own.std), false, clamps) }
    return (.identity(channels: channels), true, false)
  }
}
