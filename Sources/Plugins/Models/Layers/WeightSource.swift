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
  private let loaded = Mutex<[String: Tensor]>([:])

  convenience init(_ stateDict: StateDict) { self.init(file: stateDict.file, stateDict.tensors) }

  /// - Parameter tensors: in the order they were saved.
  init(file: String, _ tensors: [StoredTensor]) {
    self.file = file
    names = tensors.map(\.name)
    stored = Dictionary(tensors.map { ($0.name, $0) }) { first, _ in first }
    shapes = stored.mapValues(\.shape)
  }

  /// The tensors of a network that is yet to be trained: names and shapes, no values.
  /// - Parameter file: what messages call it.
  init(file: String, shapes: [(name: String, shape: [Int])]) {
    self.file = file
    names = shapes.map(\.name)
    stored = [:]
    self.shapes = Dictionary(shapes.map { ($0.name, $0.shape) }) { first, _ in first }
  }

  func contains(_ name: String) -> Bool { shapes[name] != nil }

  /// Shape without reading the values; nil where there is no such tensor.
  func shape(_ name: String) -> [Int]? { shapes[name] }

  /// - Parameter layer: which layer asks, for messages.
  /// - Throws: `ModelError.missingTensor`, `ModelError.nonFiniteWeights`, `CheckpointError`.
  func tensor(_ name: String, for layer: String) throws -> Tensor {
    if let known = loaded.withLock({ $0[name] }) { return known }
    guard let stored = stored[name] else {
      throw ModelError.missingTensor(file: file, layer: layer, tensor: name, nearest: namesNear(name))
    }
    guard let shape = Shape(checking: stored.shape) else {
      throw ModelError.tensorShape(
        file: file, layer: layer, tensor: name, got: stored.shape, expected: "extents whose product is representable")
    }
    let tensor = Tensor(shape: shape, scalars: try stored.floats())
    guard tensor.scalars.allSatisfy(\.isFinite) else {
      throw ModelError.nonFiniteWeights(file: file, tensor: name)
    }
    loaded.withLock { $0[name] = tensor }
    return tensor
  }

  /// Tensors that no layer asked for. Counters of batch normalisation are never needed.
  var unused: [String] {
    let used = loaded.withLock { Set($0.keys) }
    return names.filter { !used.contains($0) && !$0.hasSuffix("num_batches_tracked") }
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
