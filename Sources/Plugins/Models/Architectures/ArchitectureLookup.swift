import BenchCore

/// From a checkpoint's tensors to the layers of its network.
enum ArchitectureLookup {
  static let families: [any Architecture.Type] = [
    ResNet.self, PreActivationResNet.self, WideResNet.self, VGG.self, LeNet.self,
  ]

  static var names: [String] { families.flatMap { $0.names } }

  /// The paper's smooth variant: every ReLU a softplus with beta 20.
  static let softplusSuffix = "-softplus"

  static func recognise(_ weights: WeightSource) throws -> RecognisedNetwork {
    let tensors = TensorShapes(weights)
    for family in families {
      if let network = family.recognise(tensors) { return network }
    }
    let shown = tensors.names.prefix(6).map { "`\($0)` \(tensors[$0] ?? [])" }
    throw ModelError.notRecognised(
      file: weights.file, tensors: shown + (tensors.names.count > 6 ? ["..."] : []), architectures: names)
  }

  /// The network of a name, which must fit the tensors: sizes always come from them.
  /// - Parameter name: one of `names`, or such a name with `-softplus`.
  static func network(named name: String, _ weights: WeightSource) throws -> RecognisedNetwork {
    let isSmooth = name.hasSuffix(softplusSuffix)
    let base = isSmooth ? String(name.dropLast(softplusSuffix.count)) : name
    let tensors = TensorShapes(weights)
    let candidates = families.compactMap { $0.recognise(tensors) }
    guard let match = candidates.first(where: { $0.name == base }) else {
      guard names.contains(base) else {
        throw ModelError.unknownArchitecture(name: name, nearest: Nearest.match(base, in: names), known: names)
      }
      throw ModelError.architectureMismatch(
        file: weights.file, name: name,
        reason: candidates.first.map { "they are those of `\($0.name)`" } ?? "its layers' tensors are not there")
    }
    guard isSmooth else { return match }
    let softplus = Layer("Softplus") { $0.beta = 20 }
    return RecognisedNetwork(
      name: name, layers: match.layers.map { $0.replacingReLU(with: softplus) }, inputShape: match.inputShape)
  }
}
