import Foundation
import ONNXSchema

/// Turns the format's tensors, whose elements may lie in any of five fields or in another file, into stored tensors.
struct ONNXTensorReader {
  let file: String
  /// Opens the files that tensors name.
  var external: ONNXExternalData
  /// The file, where `raw_data` says a place in it (`ONNXWithoutNumbers`); nil where it is the numbers.
  private let numbers: Data?
  /// Elements of all tensors so far.
  private(set) var total = 0

  init(file: String, folder: URL?, numbers: Data? = nil) {
    self.file = file
    self.numbers = numbers
    external = ONNXExternalData(file: file, folder: folder)
  }

  /// - Throws: `CheckpointError` where type, sizes and data do not agree.
  mutating func tensor(_ proto: ProtoTensor, name: String) throws(CheckpointError) -> StoredTensor {
    let label = name.isEmpty ? "(unnamed)" : String(name.prefix(Limits.nameBytes))
    guard let dtype = ONNXElementType(Int(proto.dataType)).dtype else {
      throw .unsupportedDType(
        file: file, tensor: label, dtype: ONNXElementType(Int(proto.dataType)).description)
    }
    let shape = proto.dims.map { Int($0) }
    guard shape.count <= Limits.dimensions, shape.allSatisfy({ $0 >= 0 }),
      let count = TensorLayout.elementCount(shape)
    else {
      throw .invalidTensor(
        file: file, tensor: label,
        problem: "has shape \(shape.prefix(Limits.dimensions)), expected at most \(Limits.dimensions) extents, none "
          + "negative, and at most \(Limits.tensorElements) elements; the file is damaged")
    }
    total += count
    guard total <= Limits.totalElements else {
      throw .limitExceeded(
        file: file, location: "tensor `\(label)`", quantity: "the number of elements up to here", value: "\(total)",
        limit: Limits.totalElements)
    }
    let bytes = try elements(proto, dtype, count: count, label)
    let needed = count * dtype.byteCount
    guard bytes.count == needed else {
      guard bytes.count > 0 || proto.dataLocation != 0 else {
        throw .unsupported(
          file: file,
          feature: "tensor `\(label)` of shape \(shape) has no numbers: the graph was saved without its weights",
          advice: "export it with them (torch.onnx.export's export_params=True, which is the default)")
      }
      throw .invalidTensor(
        file: file, tensor: label,
        problem:
          "has shape \(shape) and dtype \(dtype.rawValue), which take \(needed) bytes, but data of \(bytes.count)")
    }
    do throws(LayoutProblem) {
      let layout = try TensorLayout.contiguous(shape: shape, storageElements: count)
      return StoredTensor(name: label, dtype: dtype, layout: layout, storage: bytes, file: file)
    } catch {
      throw .invalidTensor(file: file, tensor: label, problem: error.text)
    }
  }

  private mutating func elements(
    _ proto: ProtoTensor, _ dtype: DType, count: Int, _ label: String
  ) throws(CheckpointError) -> ByteRegion {
    switch proto.dataLocation {
    case 0: break
    case 1: return try external.region(proto.externalData, tensor: label, byteCount: count * dtype.byteCount)
    default:
      throw .invalidTensor(file: file, tensor: label, problem: "has the unknown data location \(proto.dataLocation)")
    }
    if let numbers, let place = ONNXWithoutNumbers.place(proto.rawData),
      let region = ByteRegion(numbers).part(offset: place.offset, count: place.count)
    {
      return region
    }
    if !proto.rawData.isEmpty || count == 0 { return ByteRegion(proto.rawData) }
    // Each typed field serves several element types; see the format's comments on `int32_data` and its siblings.
    var bytes = Data()
    switch dtype {
    case .float32: for value in proto.floatData { bytes.appendLittleEndian(value.bitPattern) }
    case .float64: for value in proto.doubleData { bytes.appendLittleEndian(value.bitPattern) }
    case .int64: for value in proto.int64Data { bytes.appendLittleEndian(value) }
    case .uint64: for value in proto.uint64Data { bytes.appendLittleEndian(value) }
    case .uint32: for value in proto.uint64Data { bytes.appendLittleEndian(UInt32(truncatingIfNeeded: value)) }
    case .int32: for value in proto.int32Data { bytes.appendLittleEndian(value) }
    case .int16, .uint16, .float16, .bfloat16:
      for value in proto.int32Data { bytes.appendLittleEndian(UInt16(truncatingIfNeeded: value)) }
    case .int8, .uint8, .bool:
      for value in proto.int32Data { bytes.append(UInt8(truncatingIfNeeded: value)) }
    }
    return ByteRegion(bytes)
  }
}
