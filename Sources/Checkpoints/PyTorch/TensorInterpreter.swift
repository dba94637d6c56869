import Foundation

/// Turns what a pickle says about tensors into `StoredTensor`s, by the allow-list and without calling anything.
struct TensorInterpreter<Source: StorageSource> {
  let view: PickleView
  let file: String
  var source: Source
  /// Storages that stand in the pickle itself, by where their bytes are: tensors share them.
  private var inner: [InnerPlace: InnerStorage] = [:]
  /// Bytes of such storages that were spelt out as text and had to be copied.
  private var copiedBytes = 0

  init(view: PickleView, file: String, source: Source) {
    self.view = view
    self.file = file
    self.source = source
  }

  /// Whether a value describes a tensor or an array, readable or not.
  func isTensor(_ value: PickleValue) -> Bool {
    guard let object = view.object(value), let meaning = view.meaning(of: object.callable) else { return false }
    switch meaning {
    case .tensor, .tensorWithDType, .parameter, .tensorFromType, .otherTensor, .numpyArray, .numpyFromBuffer:
      return true
    default: return false
    }
  }

  /// The tensor a value describes, checked against its storage; nil where it describes none.
  mutating func tensor(_ value: PickleValue, name: String) throws(CheckpointError) -> StoredTensor? {
    guard isTensor(value), let object = view.object(value) else { return nil }
    return try rebuild(object.callable, object.arguments, object.state, name: name, depth: 0)
  }

  private mutating func rebuild(
    _ callable: PickleValue, _ argumentTuple: PickleValue, _ state: PickleValue?, name: String, depth: Int
  ) throws(CheckpointError) -> StoredTensor {
    guard let function = view.global(callable), let meaning = AllowedGlobals.meaning(of: function),
      let arguments = view.heap.elements(of: argumentTuple), depth < Limits.nesting
    else { throw invalid(name, "is described in a way no version of PyTorch writes; the file is damaged") }
    switch meaning {
    case .tensor: return try strided(arguments, dtypeArgument: nil, function: function, name: name)
    case .tensorWithDType:
      guard arguments.count >= 7 else { throw malformed(function, arguments, name) }
      return try strided(arguments, dtypeArgument: arguments[6], function: function, name: name)
    case .parameter:
      guard let first = arguments.first, let inner = view.object(first) else {
        throw malformed(function, arguments, name)
      }
      return try rebuild(inner.callable, inner.arguments, inner.state, name: name, depth: depth + 1)
    case .tensorFromType:
      guard arguments.count >= 3 else { throw malformed(function, arguments, name) }
      return try rebuild(arguments[0], arguments[2], nil, name: name, depth: depth + 1)
    case .numpyArray: return try numpyArray(state: state, name: name)
    case .numpyFromBuffer: return try numpyFromBuffer(arguments, name: name)
    case .otherTensor where function.name.contains("meta_tensor"):
      throw invalid(
        name,
        "has no values: it was on the device `meta`, which keeps shapes alone; load the weights before saving the model"
      )
    case .otherTensor:
      throw invalid(
        name,
        "is rebuilt by \(function.path) (sparse, quantised or on a special device), expected a dense tensor; "
          + "convert it before saving, e.g. with .to_dense() or .dequantize()")
    default: throw malformed(function, arguments, name)
    }
  }

  /// `(storage, offset, size, stride, …)`
  private mutating func strided(
    _ arguments: [PickleValue], dtypeArgument: PickleValue?, function: PickleGlobal, name: String
  ) throws(CheckpointError) -> StoredTensor {
    guard arguments.count >= 4, let offset = view.integer(arguments[1]), let shape = view.integers(arguments[2]),
      let strides = view.integers(arguments[3])
    else { throw malformed(function, arguments, name) }
    let innerStorage = try self.innerStorage(arguments[0], name: name)
    let outer: StorageReference?
    if case .persistent(let index) = arguments[0] {
      outer = StorageReference(view.heap.persistentIdentifiers[index], in: view)
    } else if innerStorage == nil {
      throw malformed(function, arguments, name)
    } else {
      outer = nil
    }
    guard let reference = innerStorage?.reference ?? outer else {
      throw invalid(name, "refers to something that is not a storage; the file is damaged")
    }
    if dtypeArgument == nil, arguments.count >= 7, let metadata = view.namedItems(arguments[6]), !metadata.isEmpty {
      throw invalid(
        name,
        "is a lazily negated or conjugated view (\(metadata.map(\.name).joined(separator: ", "))), "
          + "expected plain values; save tensor.resolve_neg().resolve_conj()")
    }
    let dtypeName = dtypeArgument.map { view.global($0)?.name ?? "unknown" } ?? reference.storageClass
    guard let dtype = dtypeArgument == nil ? reference.dtype : DType(rawValue: dtypeName) else {
      throw .unsupportedDType(file: file, tensor: name, dtype: dtypeName)
    }
    guard let elementBytes = reference.elementBytes else {
      throw .unsupportedDType(file: file, tensor: name, dtype: reference.storageClass)
    }
    var bytes: ByteRegion
    if let innerStorage {
      bytes = try innerStorage.source.bytes(of: reference, elementBytes: elementBytes, tensor: name)
    } else {
      bytes = try source.bytes(of: reference, elementBytes: elementBytes, tensor: name)
    }
    if let part = reference.view {
      // Cannot overflow: the reference was checked to lie inside `count` elements, and `bytes` holds those.
      guard let inner = bytes.part(offset: part.offset * elementBytes, count: part.count * elementBytes) else {
        throw invalid(name, "views a part that its storage does not have; the file is damaged")
      }
      bytes = inner
    }
    do {
      let layout = try TensorLayout(
        offset: offset, shape: shape, strides: strides, storageElements: bytes.count / dtype.byteCount)
      return StoredTensor(name: name, dtype: dtype, layout: layout, storage: bytes, file: file)
    } catch {
      throw invalid(name, error.text)
    }
  }

  private struct InnerPlace: Hashable {
    let isObject: Bool
    let index: Int
  }

  private struct InnerStorage {
    let source: PyTorchLegacy
    let reference: StorageReference
  }

  /// `pickle.dump` has no file beside the pickle: each storage is a legacy checkpoint of its own in a byte string.
  /// - Returns: nil where the value is another kind of reference.
  private mutating func innerStorage(_ value: PickleValue, name: String) throws(CheckpointError) -> InnerStorage? {
    guard let object = view.object(value), case .storageFromBytes? = view.meaning(of: object.callable),
      let argument = view.heap.elements(of: object.arguments)?.first
    else { return nil }
    let place: InnerPlace
    switch argument {
    case .bytes(let region): place = InnerPlace(isObject: false, index: region.offset)
    case .object(let index): place = InnerPlace(isObject: true, index: index)
    default: throw invalid(name, "has its storage in something that is not bytes; the file is damaged")
    }
    if let known = inner[place] { return known }
    guard let region = view.bytes(argument) else {
      throw invalid(name, "has its storage in something that is not bytes; the file is damaged")
    }
    if place.isObject {
      // The same text may be spelt out by many objects.
      copiedBytes += region.count
      guard copiedBytes <= Limits.copiedBytes else {
        throw .limitExceeded(
          file: file, location: "tensor `\(name)`", quantity: "the number of bytes in storages written as text",
          value: "\(copiedBytes)", limit: Limits.copiedBytes)
      }
    }
    let source = try PyTorchLegacy(region, file: file)
    let content = PickleView(source.pickle)
    guard case .persistent(let index) = content.value,
      let reference = StorageReference(content.heap.persistentIdentifiers[index], in: content)
    else { throw invalid(name, "has bytes for a storage that hold something else; the file is damaged") }
    guard source.trailingBytes == 0 else {
      throw invalid(name, "has \(source.trailingBytes) bytes behind its storage; the file is damaged")
    }
    let storage = InnerStorage(source: source, reference: reference)
    inner[place] = storage
    return storage
  }

  func invalid(_ tensor: String, _ problem: String) -> CheckpointError {
    .invalidTensor(file: file, tensor: tensor, problem: problem)
  }

  private func malformed(_ function: PickleGlobal, _ arguments: [PickleValue], _ name: String) -> CheckpointError {
    invalid(
      name, "is described by \(function.path) with \(arguments.count) arguments of the wrong kind; the file is damaged")
  }
}
