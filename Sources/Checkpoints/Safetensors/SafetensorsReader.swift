import Foundation
import JSON

/// The content of a safetensors file.
public struct Safetensors: Sendable {
  /// In the header's order.
  public let tensors: [StoredTensor]
  public let metadata: [String: String]

  /// The tensor of that name, nil where there is none.
  public subscript(name: String) -> StoredTensor? { tensors.first { $0.name == name } }
}

/// Reads safetensors files with every rejection of the format's specification: 8 bytes of header length N, N bytes of
/// JSON (`{"name": {"dtype", "shape", "data_offsets"}, "__metadata__": {text: text}}`), and the tensors' bytes, which
/// must cover the rest of the file without holes or overlaps.
public enum SafetensorsReader {
  private struct Entry {
    let name: String
    let dtype: DType
    let shape: [Int]
    let begin: Int
    let end: Int
  }

  /// - Throws: `CheckpointError.corruptHeader` and the like, naming the tensor.
  public static func read(_ file: CheckpointFile) throws(CheckpointError) -> Safetensors {
    let whole = ByteRegion(file.data)
    let header = try headerRegion(whole, file: file.name)
    let members = try parse(header, file: file.name)
    let dataStart = header.offset + header.count
    let dataSize = file.byteCount - dataStart

    var entries: [Entry] = []
    var metadata: [String: String] = [:]
    for member in members {
      if member.key == "__metadata__" {
        metadata = try stringMap(member.value, file: file.name)
      } else {
        entries.append(try entry(member, dataSize: dataSize, file: file.name))
      }
    }
    try checkCoverage(entries, dataSize: dataSize, file: file.name)
    var tensors: [StoredTensor] = []
    for entry in entries {
      let storage = ByteRegion(file.data, offset: dataStart + entry.begin, count: entry.end - entry.begin)
      do {
        let layout = try TensorLayout.contiguous(
          shape: entry.shape, storageElements: storage.count / entry.dtype.byteCount)
        tensors.append(
          StoredTensor(name: entry.name, dtype: entry.dtype, layout: layout, storage: storage, file: file.name))
      } catch {
        throw .invalidTensor(file: file.name, tensor: entry.name, problem: error.text)
      }
    }
    return Safetensors(tensors: tensors, metadata: metadata)
  }

  private static func headerRegion(_ whole: ByteRegion, file: String) throws(CheckpointError) -> ByteRegion {
    guard whole.count >= 8 else {
      throw .truncated(
        file: file, part: "the safetensors header length", offset: 0, expectedBytes: 8, availableBytes: whole.count)
    }
    let length = try whole.withBytes { (bytes) throws(CheckpointError) in bytes.littleEndian(at: 0, width: 8) }
    guard length <= UInt64(Limits.safetensorsHeaderBytes) else {
      throw .limitExceeded(
        file: file, location: "safetensors header", quantity: "its length in bytes", value: "\(length)",
        limit: Limits.safetensorsHeaderBytes)
    }
    guard let header = whole.part(offset: 8, count: Int(length)) else {
      throw .truncated(
        file: file, part: "the safetensors header", offset: 8, expectedBytes: Int(length),
        availableBytes: whole.count - 8)
    }
    return header
  }

  private static func parse(_ header: ByteRegion, file: String) throws(CheckpointError) -> [JSONMember] {
    // The specification wants the brace first, so that no white space can hide something before it.
    guard header.bytes.first == UInt8(ascii: "{") else {
      throw .corruptHeader(file: file, problem: "does not start with `{`; the file is damaged")
    }
    let value: JSONValue
    do {
      value = try JSONDecoding.parse(Data(header.bytes), source: "JSON", maximumDepth: 8)
    } catch {
      throw .corruptHeader(file: file, problem: "\(error)")
    }
    guard case .object(let members) = value else {
      throw .corruptHeader(file: file, problem: "is not a JSON object; the file is damaged")
    }
    return members
  }

  private static func stringMap(_ value: JSONValue, file: String) throws(CheckpointError) -> [String: String] {
    guard case .object(let members) = value else {
      throw .corruptHeader(file: file, problem: "`__metadata__` is not an object, expected texts by name")
    }
    var map: [String: String] = [:]
    for member in members {
      guard case .string(let text) = member.value else {
        throw .corruptHeader(
          file: file, problem: "`__metadata__` entry `\(member.key)` is not text, expected only texts")
      }
      map[member.key] = text
    }
    return map
  }

  private static func entry(_ member: JSONMember, dataSize: Int, file: String) throws(CheckpointError) -> Entry {
    let name = member.key
    func invalid(_ problem: String) -> CheckpointError {
      .invalidTensor(file: file, tensor: name, problem: problem)
    }
    guard case .object(let fields) = member.value,
      fields.map(\.key).sorted() == ["data_offsets", "dtype", "shape"],
      let dtypeName = member.value["dtype"]?.stringValue, let shape = integers(member.value["shape"]),
      let offsets = integers(member.value["data_offsets"]), offsets.count == 2
    else {
      throw invalid(
        "has a malformed header entry, expected a text `dtype`, and non-negative integers in `shape` and in the two "
          + "`data_offsets`")
    }
    guard let dtype = DType(safetensors: dtypeName) else {
      throw .unsupportedDType(file: file, tensor: name, dtype: dtypeName)
    }
    guard let count = TensorLayout.elementCount(shape) else {
      throw invalid("has shape \(shape), which is more than the \(Limits.tensorElements) elements accepted")
    }
    let (begin, end) = (offsets[0], offsets[1])
    guard begin <= end, end <= dataSize else {
      throw invalid("has data_offsets [\(begin), \(end)], expected an ordered pair within the file's \(dataSize) bytes")
    }
    guard end - begin == count * dtype.byteCount else {
      throw invalid(
        "has \(end - begin) bytes, expected \(count * dtype.byteCount) for shape \(shape) and dtype \(dtype.rawValue)")
    }
    return Entry(name: name, dtype: dtype, shape: shape, begin: begin, end: end)
  }

  private static func integers(_ value: JSONValue?) -> [Int]? {
    guard case .array(let elements)? = value else { return nil }
    var numbers: [Int] = []
    for element in elements {
      guard case .integer(let number) = element, number >= 0 else { return nil }
      numbers.append(Int(number))
    }
    return numbers
  }

  /// In the order of their offsets, each tensor must start where the one before ended, and the last end the file.
  private static func checkCoverage(_ entries: [Entry], dataSize: Int, file: String) throws(CheckpointError) {
    var covered = 0
    for entry in entries.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
      guard entry.begin == covered else {
        throw .invalidTensor(
          file: file, tensor: entry.name,
          problem: entry.begin > covered
            ? "starts at byte \(entry.begin) of the data, leaving a hole from byte \(covered); the file is damaged"
            : "starts at byte \(entry.begin) of the data, overlapping the tensor that ends at byte \(covered); "
              + "the file is damaged")
      }
      covered = entry.end
    }
    guard covered == dataSize else {
      throw .corruptHeader(
        file: file, problem: "its tensors end at byte \(covered) of \(dataSize); the file is damaged")
    }
  }
}
