import Checkpoints
import Synchronization
import Tensor

/// A checkpoint's tensors, converted once and shared by the networks of every batch size; remembers which were used.
final class WeightSource: Sendable {
  let file: String
  /// In the order they were saved.
  let names: [String]
  private let stored: [String: StoredTensor]
  private let shapes: [String: [Int]]
  /// What is computed of tensors that have no other use, by its own name.
  private let computed: [String: ComputedWeight]
  /// What a whole pickled network says of its layers.
  let modules: StateDictModules?
  /// By the name of a tensor, a layer or what a layer is in, as the file has it: without what wrappers added.
  private let ownNames: [String: String]
  private let loaded = Mutex<[String: Tensor]>([:])

  convenience init(_ stateDict: StateDict) {
    self.init(
      file: stateDict.file, stateDict.tensors, origins: stateDict.origins, modules: StateDictModules(stateDict.modules))
  }

  /// - Parameters:
  ///   - tensors: in the order they were saved.
  ///   - origins: what the file calls them, where that is something else.
  init(file: String, _ tensors: [StoredTensor], origins: [String]? = nil, modules: StateDictModules? = nil) {
    self.file = file
    self.modules = modules
    ownNames = Self.ownNames(zip(origins ?? [], tensors.map(\.name)).filter { $0 != $1 })
    stored = Dictionary(tensors.map { ($0.name, $0) }) { first, _ in first }
    let computed = ComputedWeight.found(in: stored.mapValues(\.shape))
    let pairs = computed.flatMap { name, weight in weight.originals.map { ($0, name) } }
    let owners = Dictionary(pairs) { first, _ in first }
    // A weight stands where the first of its originals stood.
    var isThere: Set<String> = []
    names = tensors.compactMap { tensor in
      guard let owner = owners[tensor.name] else { return tensor.name }
      return isThere.insert(owner).inserted ? owner : nil
    }
    shapes = stored.filter { owners[$0.key] == nil }.mapValues(\.shape)
      .merging(computed.mapValues(\.shape)) { first, _ in first }
    self.computed = computed
  }

  /// What is said of weights that are computed of other tensors; empty where there are none.
  var notes: [String] {
    Dictionary(grouping: computed.values, by: \.kind).sorted { $0.key < $1.key }.map { kind, weights in
      "\(kind): the weights of \(weights.count) layer\(weights.count == 1 ? "" : "s") are computed as in evaluation mode"
    }
  }

  /// The tensors of a network that is yet to be trained: names and shapes, no values.
  /// - Parameter file: what messages call it.
  init(file: String, shapes: [(name: String, shape: [Int])]) {
    self.file = file
    modules = nil
    computed = [:]
    ownNames = [:]
    names = shapes.map(\.name)
    stored = [:]
    self.shapes = Dictionary(shapes.map { ($0.name, $0.shape) }) { first, _ in first }
  }

  /// Modules within modules, of which names are noted: a hostile name has any number of points.
  private static let largestDepth = 16

  private static func ownNames(_ renamed: [(origin: String, own: String)]) -> [String: String] {
    var names: [String: String] = [:]
    for (origin, own) in renamed {
      var (theirs, ours) = (origin.split(separator: "."), own.split(separator: "."))
      func note() {
        let name = theirs.joined(separator: ".")
        if names[name] == nil { names[name] = ours.joined(separator: ".") }
      }
      note()
      // The layer, whatever its tensor is called, and then what it is in as far as both are called alike.
      _ = (theirs.popLast(), ours.popLast())
      note()
      for _ in 0..<largestDepth {
        guard let last = theirs.last, last == ours.last else { break }
        _ = (theirs.popLast(), ours.popLast())
        note()
      }
    }
    return names
  }

  /// The layer with its tensors' names as they are here, where it has them as in the file, and so all inside it.
  func renamed(_ layer: Layer) -> Layer {
    guard !ownNames.isEmpty else { return layer }
    return layer.mapped { layer in
      guard let name = layer.name, let own = ownNames[name], !contains(name),
        !names.contains(where: { $0.hasPrefix(name + ".") })
      else { return layer }
      var copy = layer
      copy.name = own
      return copy
    }
  }

  func contains(_ name: String) -> Bool { shapes[name] != nil }

  /// Shape without reading the values; nil where there is no such tensor.
  func shape(_ name: String) -> [Int]? { shapes[name] }

  /// - Parameter layer: which layer asks, for messages.
  /// - Throws: `ModelError.missingTensor`, `ModelError.nonFiniteWeights`, `CheckpointError`.
  func tensor(_ name: String, for layer: String) throws -> Tensor {
    if let known = loaded.withLock({ $0[name] }) { return known }
    guard let extents = shapes[name], computed[name] != nil || stored[name] != nil else {
      throw ModelError.missingTensor(file: file, layer: layer, tensor: name, nearest: namesNear(name))
    }
    guard let shape = Shape(checking: extents) else {
      throw ModelError.tensorShape(
        file: file, layer: layer, tensor: name, got: extents, expected: "extents whose product is representable")
    }
    var tensor = Tensor(shape: shape, scalars: try scalars(name))
    guard tensor.isFinite else {
      throw ModelError.nonFiniteWeights(file: file, tensor: name)
    }
    if computed[name] == nil, let stored = stored[name] { tensor = try stored.tensor(shape) }
    loaded.withLock { $0[name] = tensor }
    return tensor
  }

  /// - Throws: `CheckpointError`, `ModelError.reparametrised`.
  private func scalars(_ name: String) throws -> [Float] {
    func floats(_ name: String) throws -> [Float] { try stored[name]?.floats() ?? [] }
    guard let weight = computed[name] else { return try floats(name) }
    guard let values = try weight.values(floats) else {
      throw ModelError.reparametrised(
        file: file, tensor: weight.originals[0], count: weight.originals.count, kind: weight.kind, call: weight.call)
    }
    return values
  }

  /// - Throws: `CheckpointError.cannotOpen` where the file was written to since tensors were read that are read again.
  func requireUnchanged() throws {
    for (name, tensor) in loaded.withLock({ $0 }) where tensor.source != nil { try stored[name]?.requireUnchanged() }
  }

  /// Tensors that no layer asked for. Counters of batch normalisation are never needed.
  var unused: [String] {
    let used = loaded.withLock { Set($0.keys) }
    return names.filter { !used.contains($0) && !$0.hasSuffix("num_batches_tracked") }
  }

  /// Says so where the statistics of batch normalisation are as they begin: all means 0 and all variances 1. Nil otherwise, and where the counters
  /// of batches say that the network was trained with these (`train --frozen-batch-norm`).
  var untrainedStatistics: String? {
    let statistics = loaded.withLock {
      $0.filter { $0.key.hasSuffix("running_mean") || $0.key.hasSuffix("running_var") }
    }
    guard !statistics.isEmpty,
      statistics.allSatisfy({ name, tensor in
        let start: Float = name.hasSuffix("running_mean") ? 0 : 1
        return tensor.scalars.allSatisfy { $0 == start }
      })
    else { return nil }
    let counters = stored.filter { $0.key.hasSuffix("num_batches_tracked") && $0.value.elementCount == 1 }
    let areCounted = counters.values.contains { ((try? $0.integers().first) ?? 0) > 0 }
    guard !areCounted else { return nil }
    return UntrainedStatistics.warning(normalisations: statistics.count { $0.key.hasSuffix("running_mean") })
  }

  /// Scalars of the tensors that were used, without the running statistics of batch normalisation, which are not trained.
  var parameterCount: Int {
    loaded.withLock { tensors in
      tensors.reduce(0) {
        $1.key.hasSuffix("running_mean") || $1.key.hasSuffix("running_var") ? $0 : $0 + $1.value.shape.count
      }
    }
  }

  /// Up to three names that share most parts with `name` at its start and end.
  func namesNear(_ name: String) -> [String] {
    let parts = name.split(separator: ".")
    func likeness(_ other: String) -> Int {
      let others = other.split(separator: ".")
      return zip(parts, others).count { $0 == $1 } + zip(parts.reversed(), others.reversed()).count { $0 == $1 }
    }
    return names.map { ($0, likeness($0)) }.filter { $0.1 > 0 }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.prefix(3)
      .map(\.0)
  }
}
