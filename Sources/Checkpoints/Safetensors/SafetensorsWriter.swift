import Foundation
import JSON

/// Writes safetensors files. The same tensors and metadata always make the same bytes.
public enum SafetensorsWriter {
  /// The file's bytes: tensors in the given order, metadata sorted by key, the header padded with spaces so that the
  /// data starts at a multiple of 8.
  /// - Parameter file: named in errors.
  public static func encode(
    _ tensors: [TensorToWrite], metadata: [String: String] = [:], file: String = "safetensors"
  ) throws(CheckpointError) -> Data {
    let header = try header(tensors, metadata: metadata, file: file)
    var result = Data(capacity: header.count + tensors.reduce(0) { $0 + $1.byteCount })
    result.append(header)
    for tensor in tensors { tensor.forEachPart { result.append(contentsOf: $0) } }
    return result
  }

  /// Writes the file completely or not at all, tensor by tensor: beside the tensors it takes no memory.
  /// - Parameter durably: as in `AtomicFile`.
  public static func write(
    _ tensors: [TensorToWrite], metadata: [String: String] = [:], to path: String, durably: Bool = true
  ) throws(CheckpointError) {
    let file = URL(fileURLWithPath: path).lastPathComponent
    let header = try header(tensors, metadata: metadata, file: file)
    try AtomicFile.write(to: path, durably: durably) { append in
      header.withUnsafeBytes(append)
      for tensor in tensors { tensor.forEachPart(append) }
    }
  }

  /// All that stands before the tensors' bytes, its own length included.
  private static func header(
    _ tensors: [TensorToWrite], metadata: [String: String], file: String
  ) throws(CheckpointError) -> Data {
    try TensorToWrite.check(tensors, file: file)
    var members: [JSONMember] = []
    if !metadata.isEmpty {
      let sorted = metadata.sorted { $0.key < $1.key }
      members.append(
        JSONMember(
          key: "__metadata__", value: .object(sorted.map { JSONMember(key: $0.key, value: .string($0.value)) })))
    }
    var offset = 0
    for tensor in tensors {
      guard tensor.name != "__metadata__" else {
        throw .invalidTensor(file: file, tensor: tensor.name, problem: "has the name of the metadata; choose another")
      }
      let end = offset + tensor.byteCount
      let fields = [
        JSONMember(key: "dtype", value: .string(tensor.dtype.safetensorsName)),
        JSONMember(key: "shape", value: .array(tensor.shape.map { .integer(Int64($0)) })),
        JSONMember(key: "data_offsets", value: .array([.integer(Int64(offset)), .integer(Int64(end))])),
      ]
      members.append(JSONMember(key: tensor.name, value: .object(fields)))
      offset = end
    }
    var header: Data
    do {
      header = try JSONEncoding.encodeCompact(JSONValue.object(members))
    } catch {
      throw .cannotWrite(file: file, reason: "\(error)")
    }
    header.append(contentsOf: [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8))
    guard header.count <= Limits.safetensorsHeaderBytes else {
      throw .limitExceeded(
        file: file, location: "safetensors header", quantity: "its length in bytes", value: "\(header.count)",
        limit: Limits.safetensorsHeaderBytes)
    }
    var length = Data()
    length.appendLittleEndian(UInt64(header.count))
    return length + header
  }
}
