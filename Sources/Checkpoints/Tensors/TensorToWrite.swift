import Foundation

/// A tensor to be written.
public struct TensorToWrite: Sendable {
  public let name: String
  public let dtype: DType
  /// Sizes, outermost first.
  public let shape: [Int]
  /// The elements one part after the other. Numbers stay the arrays that hold them, so that what is written need not fit into memory twice.
  private let parts: [Part]

  private enum Part {
    case bytes(Data)
    case floats([Float])
  }

  /// - Parameter data: the elements, row-major, little-endian: as many bytes as shape and dtype make.
  public init(name: String, dtype: DType, shape: [Int], data: Data) {
    self.init(name: name, dtype: dtype, shape: shape, parts: [.bytes(data)])
  }

  public init(name: String, shape: [Int], floats: [Float]) {
    self.init(name: name, shape: shape, joining: [floats])
  }

  /// - Parameter arrays: what makes the tensor, one after the other.
  package init(name: String, shape: [Int], joining arrays: [[Float]]) {
    self.init(name: name, dtype: .float32, shape: shape, parts: arrays.map(Part.floats))
  }

  public init(name: String, shape: [Int], integers: [Int64]) {
    self.init(name: name, dtype: .int64, shape: shape, data: integers.withUnsafeBytes { Data($0) })
  }

  private init(name: String, dtype: DType, shape: [Int], parts: [Part]) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
    self.parts = parts
  }

  /// The elements, row-major, little-endian.
  public var data: Data {
    if parts.count == 1, case .bytes(let data) = parts[0] { return data }
    var data = Data(capacity: byteCount)
    forEachPart { data.append(contentsOf: $0) }
    return data
  }

  var byteCount: Int {
    parts.reduce(0) { count, part in
      switch part {
      case .bytes(let data): count + data.count
      case .floats(let floats): count + floats.count * MemoryLayout<Float>.stride
      }
    }
  }

  /// The bytes of `data`, without making it.
  func forEachPart(_ body: (UnsafeRawBufferPointer) -> Void) {
    for part in parts {
      switch part {
      case .bytes(let data): data.withUnsafeBytes(body)
      case .floats(let floats): floats.withUnsafeBytes(body)
      }
    }
  }

  /// Checks that names are unique and that every tensor has as many bytes as its shape and dtype make.
  static func check(_ tensors: [TensorToWrite], file: String) throws(CheckpointError) {
    var names: Set<String> = []
    for tensor in tensors {
      guard names.insert(tensor.name).inserted else {
        throw .invalidTensor(file: file, tensor: tensor.name, problem: "was given twice, expected unique names")
      }
      guard tensor.shape.allSatisfy({ $0 >= 0 }), let count = TensorLayout.elementCount(tensor.shape),
        tensor.byteCount == count * tensor.dtype.byteCount
      else {
        throw .invalidTensor(
          file: file, tensor: tensor.name,
          problem: "has shape \(tensor.shape) and dtype \(tensor.dtype.rawValue) but \(tensor.byteCount) bytes")
      }
    }
  }
}
