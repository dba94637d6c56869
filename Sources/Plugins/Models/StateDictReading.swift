import BenchCore
import Checkpoints
import JSON
import Tensor

/// How named tensors are understood as a network: which layers, for images of which size, normalised how.
struct StateDictReading {
  let recognised: RecognisedNetwork
  let network: Network
  /// Whether nothing said how pixels are normalised.
  let preprocessingIsAssumed: Bool
  /// Whether the network was recognised, and not named or described.
  private let isGuess: Bool

  /// - Parameter normalisation: the checkpoint's own.
  /// - Throws: `ModelError`, `JSONError`.
  init(
    _ weights: WeightSource, _ normalisation: InputNormalisation?, _ description: ModelDescription?,
    _ options: LoadOptions
  ) throws {
    recognised = try Self.architecture(weights, description, options)
    let inputShape = try Self.inputShape(recognised, options, weights)
    let (preprocessing, isAssumed) = Self.preprocessing(
      normalisation, description, options, channels: inputShape[0])
    preprocessingIsAssumed = isAssumed
    isGuess = options.architecture == nil && description?.architecture == nil
    network = Network(
      inputShape: inputShape, preprocessing: preprocessing, clampsInput: normalisation?.clampsInput ?? false,
      layers: recognised.layers, weights: weights)
  }

  private static func architecture(
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

  /// The unused tensors that the architecture does not know to ignore.
  func unexplained(_ unused: [String]) -> [String] {
    unused.filter { name in !recognised.ignoredPrefixes.contains { name.hasPrefix($0) } }
  }

  /// A network that was guessed must explain every tensor: one too many is a sign of another network.
  /// - Parameter unused: the tensors that no layer asked for.
  /// - Throws: `ModelError.unusedTensors`.
  func requireUsed(_ unused: [String]) throws {
    let unexplained = unexplained(unused)
    guard !isGuess || unexplained.isEmpty else {
      throw ModelError.unusedTensors(file: network.file, architecture: recognised.name, tensors: unexplained)
    }
  }

  /// The task's image size where the network does not insist on its own.
  private static func inputShape(
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
  private static func preprocessing(
    _ normalisation: InputNormalisation?, _ description: ModelDescription?, _ options: LoadOptions, channels: Int
  ) -> (Preprocessing, isAssumed: Bool) {
    if let given = options.preprocessing { return (given, false) }
    if let described = description?.preprocessing { return (described, false) }
    if let own = normalisation { return (Preprocessing(mean: own.mean, std: own.std), false) }
    return (.identity(channels: channels), true)
  }
}
