/// A pickle's reference to a storage: `("storage", class, key, location, count[, view])`.
///
/// The location ("cpu", "cuda:0") is where the tensor was and does not matter here.
struct StorageReference: Sendable {
  /// The class's name, e.g. `FloatStorage`.
  let storageClass: String
  let key: String
  /// Elements of the whole storage; bytes for `UntypedStorage`.
  let count: Int
  /// In legacy files, the part of the storage that is meant, in elements.
  let view: (offset: Int, count: Int)?

  /// The element type, nil for `UntypedStorage` and for types that are not read.
  var dtype: DType? { DType(storageClass: storageClass) }

  /// Bytes of one element, nil for types that are not read.
  var elementBytes: Int? { storageClass == "UntypedStorage" ? 1 : dtype?.byteCount }

  /// nil where the persistent id is none of a storage.
  init?(_ identifier: PickleValue, in view: PickleView) {
    guard let parts = view.heap.elements(of: identifier), parts.count == 5 || parts.count == 6,
      view.string(parts[0]) == "storage", let storageClass = view.global(parts[1]),
      case .storage? = AllowedGlobals.meaning(of: storageClass),
      let key = view.string(parts[2]) ?? view.integer(parts[2]).map(String.init),
      let count = view.integer(parts[4]), count >= 0
    else { return nil }
    self.storageClass = storageClass.name
    self.key = key
    self.count = count
    if parts.count == 6, let part = view.heap.elements(of: parts[5]) {
      guard part.count == 3, let offset = view.integer(part[1]), let size = view.integer(part[2]), offset >= 0,
        size >= 0, size <= count, offset <= count - size
      else { return nil }
      self.view = (offset, size)
    } else {
      self.view = nil
    }
  }
}

/// Where a checkpoint keeps its storages' bytes.
protocol StorageSource {
  /// All bytes of a storage, their number checked against the reference.
  /// - Parameter tensor: named in errors.
  mutating func bytes(
    of reference: StorageReference, elementBytes: Int, tensor: String
  ) throws(CheckpointError) -> ByteRegion
}
