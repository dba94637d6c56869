import BenchCore
import Checkpoints
import Tensor

/// The tensors of an LPIPS metric, from one file or two, checked against the network.
///
/// A file of the backbone is torchvision's (`features.0.weight`, with or without the classifier), or only its convolutions
/// (`0.weight`); a file of heads that of the package `lpips` (`lin0.model.1.weight`); a file of both any union of these, or a whole
/// `lpips.LPIPS` (`net.slice1.0.weight`, its heads twice, the constants of the scaling), or both as Flax has them (`LPIPSFlaxName`).
struct LPIPSWeights: Sendable {
  let backbone: LPIPSBackbone
  /// By the names behind `features.`.
  let tensors: [String: Tensor]
  /// One weight a channel for each map that is compared, none negative.
  let heads: [[Float]]
  let origin: LPIPSHeads

  /// - Parameter files: one or two, the backbone's first.
  /// - Throws: `LPIPSError`, `CheckpointError`.
  init(_ backbone: LPIPSBackbone, _ files: [CheckpointFile]) throws {
    let parts = try files.map { try LPIPSFile($0) }
    guard let first = parts.first else { preconditionFailure("an LPIPS metric without files") }
    for part in parts {
      try part.checkScaling()
      guard part.others.isEmpty || part.convolutions.isEmpty && part.heads.isEmpty else {
        throw LPIPSError.unused(file: part.file, tensors: part.others)
      }
    }
    self.backbone = backbone
    tensors = try first.backbone(backbone)
    guard parts.count > 1 || !first.heads.isEmpty else {
      throw LPIPSError.noHeads(file: first.file, network: backbone.network, count: backbone.channels.count)
    }
    // Heads of a file of their own are meant, whatever the first file has.
    let last = parts[parts.count - 1]
    guard !last.heads.isEmpty else { throw LPIPSError.noHeadsInFile(file: last.file, found: last.appearance) }
    heads = try last.heads(of: backbone)
    origin = LPIPSHeads(heads)
    if origin == .versionZero { throw LPIPSError.versionZero(file: last.file) }
  }

  var parameterCount: Int { tensors.values.reduce(0) { $0 + $1.shape.count } + heads.reduce(0) { $0 + $1.count } }
}

/// One file's tensors, sorted by what they are in LPIPS.
struct LPIPSFile {
  let file: String
  /// By the names behind `features.`.
  private(set) var convolutions: [String: StoredTensor] = [:]
  /// By their numbers; a whole saved LPIPS holds each twice.
  private(set) var heads: [Int: [StoredTensor]] = [:]
  private var scaling: [String: StoredTensor] = [:]
  /// Names of what is no part of it.
  private(set) var others: [String] = []
  private let stateDict: StateDict

  init(_ checkpoint: CheckpointFile) throws {
    stateDict = try CheckpointReader.stateDict(of: checkpoint)
    file = stateDict.file
    for tensor in stateDict.tensors { sort(tensor) }
  }

  private mutating func sort(_ tensor: StoredTensor) {
    if let name = LPIPSFlaxName(tensor.name) {
      let tensor = tensor.shape.count == 4 ? tensor.permuted(LPIPSFlaxName.kernelAxes) : tensor
      switch name {
      case .convolution(let name): convolutions[name] = tensor
      case .head(let index): heads[index, default: []].append(tensor)
      }
      return
    }
    var parts = tensor.name.split(separator: ".", omittingEmptySubsequences: false)[...]
    if parts.first == "net", parts.count > 2 { parts = parts.dropFirst() }
    let first = parts.first ?? ""
    let slice = first.hasPrefix("slice") && Int(component: first.dropFirst(5)) != nil
    if first == "features" || slice { parts = parts.dropFirst() }
    if let head = Self.head(parts) {
      heads[head, default: []].append(tensor)
    } else if parts.count > 1, parts.first.flatMap(Int.init(component:)) != nil {
      convolutions[parts.joined(separator: ".")] = tensor
    } else if first == "scaling_layer", parts.count == 2 {
      scaling[String(parts[parts.startIndex + 1])] = tensor
    } else if first != "classifier" {
      others.append(tensor.name)
    }
  }

  /// The number of a head's weight: `lin0.model.1.weight`, `lins.0.model.1.weight`, or what is left where all names had `lins.`;
  /// `model.0` without dropout.
  private static func head(_ parts: ArraySlice<Substring>) -> Int? {
    var rest = parts
    if rest.first == "lins" { rest = rest.dropFirst() }
    guard rest.count == 4, Array(rest.dropFirst().filter { Int(component: $0) == nil }) == ["model", "weight"],
      let first = rest.first
    else { return nil }
    return Int(component: first.hasPrefix("lin") ? first.dropFirst(3) : first)
  }

  /// The convolutions of a network.
  func backbone(_ backbone: LPIPSBackbone) throws -> [String: Tensor] {
    let expected = backbone.tensors
    let places = Set(expected.map(\.name))
    // What the file has too much tells another network from a damaged one, and so does the first convolution.
    let first = expected[0]
    guard convolutions.keys.allSatisfy(places.contains), let found = convolutions[first.name],
      found.shape == first.shape
    else { throw LPIPSError.otherBackbone(file: file, network: backbone.network, found: appearance) }
    var tensors: [String: Tensor] = [:]
    for (name, shape) in expected {
      guard let stored = convolutions[name] else {
        throw LPIPSError.missingTensor(file: file, tensor: "features.\(name)", network: backbone.network)
      }
      guard stored.shape == shape else {
        throw LPIPSError.shape(
          file: file, tensor: stored.name, got: stored.shape, expected: shape, network: backbone.network)
      }
      tensors[name] = Tensor(shape: Shape(shape), scalars: try numbers(stored))
    }
    return tensors
  }

  /// The weights of its heads, one a channel.
  func heads(of backbone: LPIPSBackbone) throws -> [[Float]] {
    let (channels, network) = (backbone.channels, backbone.network)
    if let highest = heads.keys.max(), highest >= channels.count {
      throw LPIPSError.tooManyHeads(file: file, got: heads.count, count: channels.count, network: network)
    }
    return try channels.enumerated().map { index, count in
      guard let copies = heads[index], let stored = copies.first else {
        throw LPIPSError.missingHead(file: file, head: index, count: channels.count)
      }
      for copy in copies where copy.shape != [1, count, 1, 1] {
        throw LPIPSError.headChannels(
          file: file, tensor: copy.name, got: copy.shape, expected: [1, count, 1, 1], network: network)
      }
      let weights = try numbers(stored)
      for copy in copies.dropFirst() where try numbers(copy) != weights {
        throw LPIPSError.differingCopies(file: file, tensor: stored.name, other: copy.name)
      }
      let negative = weights.count { $0 < 0 }
      guard negative == 0 else {
        throw LPIPSError.negativeHead(file: file, tensor: stored.name, negative: negative, count: count)
      }
      return weights
    }
  }

  /// A whole saved LPIPS brings the constants along by which it scales images.
  func checkScaling() throws {
    for (name, expected) in [("shift", LPIPSNetwork.shift), ("scale", LPIPSNetwork.scale)] {
      guard let stored = scaling[name] else { continue }
      guard stored.elementCount == expected.count else {
        throw LPIPSError.shape(
          file: file, tensor: stored.name, got: stored.shape, expected: [1, 3, 1, 1], network: "LPIPS")
      }
      let got = try numbers(stored)
      guard got == expected else {
        throw LPIPSError.otherScaling(file: file, tensor: stored.name, got: got, expected: expected)
      }
    }
  }

  private func numbers(_ stored: StoredTensor) throws -> [Float] {
    switch stored.dtype {
    case .float64, .float32, .float16, .bfloat16: break
    default: throw LPIPSError.notFloating(file: file, tensor: stored.name, dtype: stored.dtype.rawValue)
    }
    let numbers = try stored.floats()
    guard numbers.allSatisfy(\.isFinite) else { throw LPIPSError.notFinite(file: file, tensor: stored.name) }
    return numbers
  }

  /// What the file looks like, in words.
  var appearance: String {
    if convolutions.isEmpty, !heads.isEmpty { return "\(heads.count) heads of LPIPS and no convolutions" }
    if let network = LPIPSAppearance.network(convolutions.mapValues(\.shape)) { return "what looks like \(network)" }
    if let known = try? ArchitectureLookup.recognise(WeightSource(stateDict), imageShape: nil) {
      return "what looks like \(known.name)"
    }
    let names = stateDict.names.prefix(4).map { "`\($0)`" }.joined(separator: ", ")
    return "\(stateDict.names.count) tensors (\(names)\(stateDict.names.count > 4 ? ", ..." : ""))"
  }
}

extension Int {
  /// The number that a component of a tensor's name is, of at most four digits; nil for any other.
  init?(component text: Substring) {
    guard (1...4).contains(text.count), text.allSatisfy({ ("0"..."9").contains($0) }) else { return nil }
    self.init(text)
  }
}
