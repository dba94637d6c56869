import Checkpoints
import Graph
import Synchronization
import Tensor

/// The initialisers of a file, converted once and shared by the graphs of every batch size.
final class ONNXConstants: Sendable {
  private let file: String
  private let loaded = Mutex<[String: (tensor: Tensor, stored: StoredTensor)]>([:])

  init(_ model: ONNXModel) { file = model.file }

  /// - Parameter name: of the initialiser, unique in the model's graph.
  func value(_ tensor: StoredTensor, named name: String, _ graph: inout Graph) throws -> ImportedValue {
    if let known = loaded.withLock({ $0[name]?.tensor }) { return .real(graph.constant(known)) }
    let value = try ImportedValue(tensor, file: file, &graph)
    if case .graph(let constant, _) = value, let converted = graph.constantTensor(constant) {
      loaded.withLock { $0[name] = (converted, tensor) }
    }
    return value
  }

  /// - Throws: `CheckpointError.cannotOpen` where the file was written to since tensors were read that are read again.
  func requireUnchanged() throws {
    for (tensor, stored) in loaded.withLock({ $0 }).values where tensor.source != nil { try stored.requireUnchanged() }
  }
}

extension ImportedValue {
  /// A constant from the file: integers stay exact, real numbers become float32.
  /// - Throws: `CheckpointError`, `ONNXImportError.weights` for NaN.
  init(_ tensor: StoredTensor, file: String, _ graph: inout Graph) throws {
    // The reader has checked the extents; an empty tensor may have longer ones than a graph can hold.
    let shape = Shape(tensor.shape)
    guard shape.isExecutable else {
      throw ONNXImportError.constant(file: file, tensor: tensor.name, shape: tensor.shape)
    }
    guard tensor.dtype.isFloatingPoint else {
      let values = try tensor.integers().map { Int($0) }
      self = .integers(IntegerTensor(shape: shape, values: values, kind: tensor.dtype == .bool ? .boolean : .integer))
      return
    }
    guard try !tensor.hasNaN() else { throw ONNXImportError.weights(file: file, tensor: tensor.name) }
    self = .real(graph.constant(try tensor.tensor(shape)))
  }
}

extension StoredTensor {
  /// Elements of a tensor that is read from its file again instead of being kept: of fewer, reading costs more than it saves.
  private static let leastRead = 1 << 14

  /// A large tensor is read when its numbers are asked for, a small one now.
  /// - Precondition: `shape` has as many elements, and all of them have been read before.
  func tensor(_ shape: Shape) throws -> Tensor {
    shape.count < Self.leastRead
      ? Tensor(shape: shape, scalars: try floats()) : Tensor(shape: shape, source: source)
  }
}
