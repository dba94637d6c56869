import Foundation

/// `torch.save` before PyTorch 1.6: five pickles (magic number, protocol version, system, object, storage keys), then
/// each storage in the order of its key: its number of elements in 8 bytes, and the elements.
struct PyTorchLegacy: StorageSource {
  /// The object that was saved.
  let pickle: PickleResult
  /// Bytes after the last storage.
  let trailingBytes: Int
  private let file: String
  private let storages: [String: Storage]

  private struct Storage {
    let region: ByteRegion
    let count: Int
    let storageClass: String
  }

  init(_ file: CheckpointFile) throws(CheckpointError) {
    try self.init(ByteRegion(file.data), file: file.name)
  }

  /// - Parameter file: for errors.
  init(_ data: ByteRegion, file: String) throws(CheckpointError) {
    self.file = file
    var offset = 0
    func next(_ member: String) throws(CheckpointError) -> PickleResult {
      let result = try PickleMachine.run(data, offset: offset, file: file, member: member)
      offset = result.end
      return result
    }
    guard case .bigInteger(let magic) = try next("pickle 1 of 5 (magic number)").value,
      magic == "119547037146038801333356" || magic == "0x1950a86a20f9469cfc6c"
    else {
      throw .unsupported(
        file: file, feature: "does not start with PyTorch's magic number",
        advice: "expected a checkpoint written by torch.save")
    }
    guard case .integer(1001) = try next("pickle 2 of 5 (protocol version)").value else {
      throw .unsupported(
        file: file, feature: "is of a legacy protocol other than 1001",
        advice: "save it again with a PyTorch 1 or 2 release")
    }
    let system = PickleView(try next("pickle 3 of 5 (system)"))
    let facts = system.namedItems(system.value) ?? []
    guard let order = facts.first(where: { $0.name == "little_endian" }), case .bool(let littleEndian) = order.value
    else {
      throw .unsupported(
        file: file, feature: "does not say its byte order", advice: "the file is damaged, fetch it again")
    }
    guard littleEndian else {
      throw .unsupported(
        file: file, feature: "was written in big-endian byte order, expected little",
        advice: "save it again on a little-endian machine")
    }
    pickle = try next("pickle 4 of 5 (object)")
    let keys = PickleView(try next("pickle 5 of 5 (storage keys)"))
    storages = try Self.readStorages(keys, references: PickleView(pickle), data: data, offset: &offset, file: file)
    trailingBytes = data.count - offset
  }

  private static func readStorages(
    _ keys: PickleView, references view: PickleView, data: ByteRegion, offset: inout Int, file: String
  ) throws(CheckpointError) -> [String: Storage] {
    // A key's element size is only known from the references to it.
    var referenced: [String: StorageReference] = [:]
    for identifier in view.heap.persistentIdentifiers {
      if let reference = StorageReference(identifier, in: view) { referenced[reference.key] = reference }
    }
    guard let list = keys.heap.elements(of: keys.value) else {
      throw .corruptPickle(
        file: file, member: "pickle 5 of 5 (storage keys)", opcode: "STOP", offset: offset,
        problem: "expected a list of storage keys; the file is damaged")
    }
    var storages: [String: Storage] = [:]
    for value in list {
      guard let key = keys.string(value) ?? keys.integer(value).map(String.init), let reference = referenced[key] else {
        throw .corruptPickle(
          file: file, member: "pickle 5 of 5 (storage keys)", opcode: "STOP", offset: offset,
          problem: "lists a storage that no tensor refers to; the file is damaged")
      }
      let part = "storage `\(key)`"
      // Complex and quantised storages cannot be skipped without their element size.
      guard let elementBytes = reference.elementBytes else {
        throw .unsupportedDType(file: file, tensor: part, dtype: reference.storageClass)
      }
      guard data.count - offset >= 8 else {
        throw .truncated(file: file, part: part, offset: offset, expectedBytes: 8, availableBytes: data.count - offset)
      }
      let start = offset
      let stored = try data.withBytes { (bytes) throws(CheckpointError) in bytes.littleEndian(at: start, width: 8) }
      guard stored == UInt64(reference.count) else {
        throw .invalidTensor(
          file: file, tensor: part,
          problem: "has \(stored) elements at byte \(offset), expected \(reference.count); "
            + "the file is damaged")
      }
      offset += 8
      let (size, overflow) = reference.count.multipliedReportingOverflow(by: elementBytes)
      guard !overflow, let region = data.part(offset: offset, count: size) else {
        throw .truncated(
          file: file, part: part, offset: offset, expectedBytes: overflow ? Int.max : size,
          availableBytes: data.count - offset)
      }
      offset += size
      storages[key] = Storage(region: region, count: reference.count, storageClass: reference.storageClass)
    }
    return storages
  }

  func bytes(
    of reference: StorageReference, elementBytes: Int, tensor: String
  ) throws(CheckpointError) -> ByteRegion {
    guard let storage = storages[reference.key] else {
      throw .invalidTensor(
        file: file, tensor: tensor,
        problem: "has its values in storage `\(reference.key)`, which does not exist; "
          + "the file is damaged")
    }
    guard storage.count == reference.count, storage.storageClass == reference.storageClass else {
      throw .invalidTensor(
        file: file, tensor: tensor,
        problem: "reads storage `\(reference.key)` as \(reference.count) elements of \(reference.storageClass), "
          + "another tensor as \(storage.count) of \(storage.storageClass); the file is damaged")
    }
    return storage.region
  }
}

/// A pickle on its own: there are no storages.
struct NoStorages: StorageSource {
  let file: String

  func bytes(
    of reference: StorageReference, elementBytes: Int, tensor: String
  ) throws(CheckpointError) -> ByteRegion {
    throw .invalidTensor(
      file: file, tensor: tensor,
      problem: "has its values outside this pickle; expected the file that torch.save wrote, not a part of it")
  }
}
