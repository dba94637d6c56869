import BenchCore
import Tensor
import Text

/// From a checkpoint's tensors to the layers of its network.
enum ArchitectureLookup {
  static let families: [any Architecture.Type] = [
    ResNet.self, PreActivationResNet.self, WideResNet.self, VGG.self, LeNet.self, SmallCNN.self, SmallResNet.self,
    VisionTransformer.self, SwinTransformer.self, SwinTransformerV2.self, ConvNeXt.self, MobileNetV2.self,
    MobileNetV3.self,
    EfficientNet.self, TimmMobileNets.self, DenseNet.self, RegNet.self,
    MultilayerPerceptron.self,
  ]

  static var names: [String] { families.flatMap { $0.names } }

  /// The paper's smooth variant: every ReLU a softplus with beta 20.
  static let softplusSuffix = "-softplus"

  /// - Parameter imageShape: `[C, H, W]` of the images, where known.
  /// - Throws: `ModelError.ambiguous`, `.misfit`, `.proposed`, `.notRecognised`.
  static func recognise(_ weights: WeightSource, imageShape: Shape?) throws -> RecognisedNetwork {
    let search = Search(weights, imageShape: imageShape)
    if search.candidates.count == 1 { return search.candidates[0] }
    // A whole pickled network tells by its modules what tensors do not.
    let agreeing = search.candidates.filter { candidate in
      weights.modules.map { $0.contradictions($0.completed(candidate.layers).layers).isEmpty } ?? false
    }
    if agreeing.count == 1 { return agreeing[0] }
    guard search.candidates.isEmpty else {
      throw ModelError.ambiguous(
        file: weights.file, architectures: search.candidates.map { (name: $0.name, distinction: $0.distinction) })
    }
    if let misfit = search.misfit() {
      throw ModelError.misfit(
        architecture: nil, problem: misfit, file: weights.file, imageShape: imageShape?.dimensions)
    }
    if let proposal = StateDictProposal(weights, imageShape: imageShape) {
      throw ModelError.proposed(file: weights.file, count: weights.names.count, proposal: proposal.text)
    }
    let shown = weights.names.prefix(6).map { "`\($0)` \(weights.shape($0) ?? [])" }
    throw ModelError.notRecognised(
      file: weights.file, tensors: shown + (weights.names.count > 6 ? ["..."] : []), near: search.nearMiss,
      imageShape: imageShape?.dimensions)
  }

  /// The name without its suffix, and whose it is.
  /// - Throws: `ModelError.unknownArchitecture`.
  static func family(of name: String) throws(ModelError) -> (base: String, family: any Architecture.Type) {
    let base = name.hasSuffix(softplusSuffix) ? String(name.dropLast(softplusSuffix.count)) : name
    guard let family = families.first(where: { $0.isMember(base) }) else {
      throw .unknownArchitecture(name: base, known: names)
    }
    return (base, family)
  }

  /// The network of a name, which must fit the tensors: sizes always come from them.
  /// - Parameter name: one of `names`, another of a family's pattern such as `resnet101`, or such a name with `-softplus`.
  /// - Throws: `ModelError.unknownArchitecture`, `.missingTensor`, `.architectureMismatch`.
  static func network(named name: String, _ weights: WeightSource, imageShape: Shape?) throws -> RecognisedNetwork {
    let (base, family) = try self.family(of: name)
    let search = Search(weights, imageShape: imageShape)
    guard let match = try search.candidates.first(where: { $0.name == base }) ?? search.network(of: family, named: base)
    else {
      if search.candidates.isEmpty, let misfit = search.misfit(named: base, called: name) { throw misfit }
      let found = search.candidates.map { "`\($0.name)`" }.joined(separator: " or ")
      throw ModelError.architectureMismatch(
        file: weights.file, name: name,
        reason: found.isEmpty ? "they are of another family" : "they are those of \(found)")
    }
    guard base != name else { return match }
    let softplus = Layer("Softplus") { $0.beta = 20 }
    return RecognisedNetwork(
      name: name, layers: match.layers.map { $0.replacingReLU(with: softplus) }, inputShape: match.inputShape,
      ignoredPrefixes: match.ignoredPrefixes, derivedTensors: match.derivedTensors)
  }
}

extension ArchitectureLookup {
  /// The tensors of a new network of that name.
  /// - Parameter name: as in `network(named:_:imageShape:)`.
  /// - Throws: `ModelError.unknownArchitecture`, `.notTrainable`.
  static func freshTensors(_ name: String, _ size: NetworkSize) throws -> FreshTensors {
    let (base, family) = try self.family(of: name)
    guard let tensors = family.freshTensors(base, size) else {
      throw ModelError.notTrainable(name: name, known: trainableNames)
    }
    return tensors
  }

  /// Those of `names` that can be made anew.
  static var trainableNames: [String] {
    let size = NetworkSize(inputShape: [3, 32, 32], classCount: 10)
    return families.flatMap { family in family.names.filter { family.freshTensors($0, size) != nil } }
  }
}

/// What each family makes of a checkpoint's tensors.
private struct Search {
  private(set) var candidates: [RecognisedNetwork] = []
  private let weights: WeightSource
  private let tensors: TensorShapes
  private var misfits: [(family: any Architecture.Type, misfit: Misfit)] = []

  init(_ weights: WeightSource, imageShape: Shape?) {
    self.weights = weights
    tensors = TensorShapes(weights, imageShape: imageShape)
    for family in ArchitectureLookup.families where missingMarks(of: family).isEmpty {
      do throws(Misfit) { candidates += try family.recognise(tensors) } catch { misfits.append((family, error)) }
    }
  }

  /// What `recognise` does not find, as a name tells more than tensors.
  func network(of family: any Architecture.Type, named name: String) throws -> RecognisedNetwork? {
    guard missingMarks(of: family).isEmpty else { return nil }
    do throws(Misfit) { return try family.recognise(tensors, named: name) } catch { throw self.error(error, name) }
  }

  /// Why the tensors are no network of a family whose marks they have, or lack where it was asked for; of any for nil.
  /// - Parameters:
  ///   - base: a member of the family; of several such the one that the tensors are most like.
  ///   - name: what the user called the network.
  func misfit(named base: String? = nil, called name: String? = nil) -> ModelError? {
    if let (family, misfit) = misfits.first(where: { misfit in base.map { misfit.family.isMember($0) } ?? true }) {
      return error(misfit, name ?? family.family)
    }
    guard let base else { return nil }
    let wanted = ArchitectureLookup.families.filter { $0.isMember(base) }.max { share($0) < share($1) }
    guard let wanted, let missing = missingMarks(of: wanted).first else { return nil }
    return error(.missing(tensor: missing), name ?? wanted.family)
  }

  /// The family of which most marks are there, if half of them are, and one that is not.
  var nearMiss: (family: String, missing: String)? {
    let near = ArchitectureLookup.families.filter { share($0) < 1 }.max { share($0) < share($1) }
    guard let near, share(near) >= 0.5, let missing = missingMarks(of: near).first else { return nil }
    return (near.family, missing)
  }

  /// How many of a family's marks are there.
  private func share(_ family: any Architecture.Type) -> Double {
    1 - Double(missingMarks(of: family).count) / Double(family.marks.count)
  }

  private func missingMarks(of family: any Architecture.Type) -> [String] {
    family.marks.filter { alternatives in !alternatives.contains { tensors.has($0) } }.map {
      $0.joined(separator: "` or `")
    }
  }

  private func error(_ misfit: Misfit, _ name: String) -> ModelError {
    switch misfit {
    case .missing(let tensor):
      .missingTensor(
        file: weights.file, layer: "the architecture `\(name)`", tensor: tensor,
        nearest: weights.namesNear(tensor))
    case .unfit(let reason): .architectureMismatch(file: weights.file, name: name, reason: reason)
    }
  }
}
