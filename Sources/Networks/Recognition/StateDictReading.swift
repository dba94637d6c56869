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
  /// What a user should know.
  let notes: [String]
  /// What makes numbers doubtful.
  let warnings: [String]

  /// - Parameters:
  ///   - normalisation: the checkpoint's own.
  ///   - checkpoint: where the weights are from.
  /// - Throws: `ModelError`, `JSONError`.
  init(
    _ weights: WeightSource, _ normalisation: InputNormalisation?, _ description: ModelDescription?,
    _ options: LoadOptions, from checkpoint: CheckpointFile
  ) throws {
    try StateDictReparametrisation.refuse(in: weights)
    let resize = options.resize ?? options.preprocessing?.resize ?? description?.preprocessing?.resize
    let enlargement = Preprocessing(mean: [], std: [], resize: resize)
    if let problem = enlargement.resizeProblem { throw ModelError.resize(problem: problem) }
    // Of the images as the network sees them.
    var seen = options
    seen.imageShape = options.imageShape.map { enlargement.resized($0) }
    let (network, moduleNotes) = try Self.fitted(try Self.architecture(weights, description, seen), weights)
    recognised = network
    let inputShape = try Self.inputShape(recognised, options, weights, resize: resize)
    var (preprocessing, isAssumed, preprocessingNotes) = try Self.preprocessing(
      normalisation, description, options, channels: inputShape[0], checkpoint)
    preprocessing.resize = resize
    notes = weights.notes + moduleNotes + preprocessingNotes
    warnings =
      [weights.shape("conv1.weight").flatMap { Self.largeStem($0, network, preprocessing.resized(inputShape)) }]
      .compactMap { $0 }
    preprocessingIsAssumed = isAssumed
    isGuess = options.architecture == nil && description?.architecture == nil
    self.network = Network(
      inputShape: inputShape, preprocessing: preprocessing, clampsInput: normalisation?.clampsInput ?? false,
      layers: network.layers, weights: weights,
      isDescribed: network.name == "layers")
  }

  /// The network with what a whole pickled one says of its layers.
  /// - Throws: `ModelError.modulesContradict`.
  private static func fitted(
    _ network: RecognisedNetwork, _ weights: WeightSource
  ) throws -> (RecognisedNetwork, notes: [String]) {
    guard let modules = weights.modules else { return (network, []) }
    var network = network
    let (layers, changed) = modules.completed(network.layers)
    let contradictions = modules.contradictions(layers)
    guard contradictions.isEmpty else {
      throw ModelError.modulesContradict(
        file: weights.file, architecture: network.name, contradictions: contradictions)
    }
    network.layers = layers
    var notes = ["the settings of \(modules.compared(layers)) layers were compared with those of the file's modules"]
    if changed > 0 { notes.append("eps of \(changed) normalisations taken from the file's modules") }
    return (network, notes)
  }

  private static func architecture(
    _ weights: WeightSource, _ description: ModelDescription?, _ options: LoadOptions
  ) throws -> RecognisedNetwork {
    func named(_ name: String) throws -> RecognisedNetwork {
      try ArchitectureLookup.network(named: name, weights, imageShape: options.imageShape)
    }
    if let name = options.architecture { return try named(name) }
    guard let description, let architecture = description.architecture else {
      return try ArchitectureLookup.recognise(weights, imageShape: options.imageShape)
    }
    if case .string(let name) = architecture { return try named(name) }
    let blanks = LayerBlank.paths(in: architecture)
    guard blanks.isEmpty else { throw ModelError.blanks(file: weights.file, blanks: blanks) }
    let layers = try description.layers([Layer].self, in: architecture)
    return RecognisedNetwork(name: "layers", layers: layers.map { weights.renamed($0) }, inputShape: nil)
  }

  /// A network that was guessed and does not fit may be another one, or a changed one: the other ways are named.
  /// - Throws: `ModelError.misfit`, and what `body` throws.
  func explainingMisfits<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as ModelError where isGuess {
      switch error {
      case .missingTensor, .tensorShape, .layer, .output:
        throw ModelError.misfit(
          architecture: recognised.name, problem: error, file: network.file, imageShape: network.inputShape.dimensions)
      default: throw error
      }
    }
  }

  /// The unused tensors that the architecture does not know to ignore.
  func unexplained(_ unused: [String]) -> [String] {
    withoutDerived(unused).filter { name in !recognised.ignoredPrefixes.contains { name.hasPrefix($0) } }
  }

  /// Without tables that follow from the network's sizes.
  func withoutDerived(_ unused: [String]) -> [String] {
    unused.filter { !recognised.derivedTensors.contains($0) }
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

  /// ImageNet's stem leaves little of small images: such a network was trained on larger ones, or on these enlarged.
  private static func largeStem(_ weight: [Int], _ network: RecognisedNetwork, _ inputShape: Shape) -> String? {
    guard network.name.hasPrefix("resnet"), network.name.contains("-imagenet"), weight.last == 7,
      let side = inputShape.dimensions.dropFirst().min(), side < 64
    else { return nil }
    return "the network begins as for ImageNet (a 7 x 7 convolution and a pool, each with stride 2), the images are "
      + "\(inputShape[1]) x \(inputShape[2]): if it was trained on enlarged images, numbers on these are not its own; say "
      + "to which size with --resize (224), or with `resize` in the `preprocessing` of a model.json"
  }

  /// The task's image size where the network does not insist on its own.
  private static func inputShape(
    _ network: RecognisedNetwork, _ options: LoadOptions, _ weights: WeightSource, resize: [Int]?
  ) throws -> Shape {
    if let own = network.inputShape, let given = options.imageShape, own[0] != given[0] {
      throw ModelError.imageChannels(file: weights.file, architecture: network.name, network: own[0], images: given[0])
    }
    guard let shape = options.imageShape ?? (resize == nil ? network.inputShape : nil) else {
      throw ModelError.noInputShape(file: weights.file)
    }
    return shape
  }

  /// In order: the command line, the description, the checkpoint itself, a configuration beside it, none (assumed).
  /// - Returns: also what is to be said where the checkpoint's own is left aside.
  /// - Throws: `ModelError.implausibleNormalisation`, `.folderNormalisation`, `JSONError`.
  private static func preprocessing(
    _ normalisation: InputNormalisation?, _ description: ModelDescription?, _ options: LoadOptions, channels: Int,
    _ checkpoint: CheckpointFile
  ) throws -> (Preprocessing, isAssumed: Bool, notes: [String]) {
    func spread(_ values: [Float]) -> [Float] {
      values.count == 1 ? Array(repeating: values[0], count: channels) : values
    }
    let own = normalisation.map { Preprocessing(mean: spread($0.mean), std: spread($0.std)) }
    if let given = options.preprocessing ?? description?.preprocessing {
      guard let own, own != given.withoutResize else { return (given, false, []) }
      let source = options.preprocessing == nil ? "the description" : "--mean and --std"
      return (
        given, false, ["\(source) take the place of the file's own normalisation mean \(own.mean) std \(own.std)"]
      )
    }
    guard let own else {
      guard let beside = try FolderNormalisation.read(beside: checkpoint, channels: channels) else {
        return (.identity(channels: channels), true, [])
      }
      return (beside.preprocessing, false, [beside.note])
    }
    if let problem = own.problem { throw ModelError.implausibleNormalisation(file: checkpoint.name, problem: problem) }
    return (own, false, [])
  }
}
