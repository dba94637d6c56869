import Foundation

/// A tensor to be written.
public struct TensorToWrite: Sendable {
  public let name: String
  public let dtype: DType
  /// Sizes, outermost first.
  public let shape: [Int]
  /// The elements, row-major, little-endian: as many bytes as shape and dtype make.
  public let data: Data

  public init(name: String, dtype: DType, shape: [Int], data: Data) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
    self.data = data
  }

  public init(name: String, shape: [Int], floats: [Float]) {
    self.init(name: name, dtype: .float32, shape: shape, data: floats.withUnsafeBytes { Data($0) })
  }

  public init(name: String, shape: [Int], integers: [Int64]) {
    self.init(name: name, dtype: .int64, shape: shape, data: integers.withUnsafeBytes { Data($0) })
  }

  /// Checks that names are unique and that every tensor has as many bytes as its shape and dtype make.
  static func check(_ tensors: [TensorToWrite], file: String) throws(CheckpointError) {
    var names: Set<String> = []
    for tensor in tensors {
      guard names.insert(tensor.name).inserted else {
        throw .invalidTensor(file: file, tensor: tensor.name, problem: "was given twice, expected unique names")
      }
      guard tensor.shape.allSatisfy({ $0 >= 0 }), let count = TensorLayout.elementCount(tensor.shape),
        tensor.data.count == count * tensor.dtype.byteCount
      else {
        throw .invalidTensor(
          file: file, tensor: tensor.name,
          problem: "has shape \(tensor.shape) and dtype \(tensor.dtype.rawValue) but \(tensor.data.count) bytes")
      }
    }
  }
}
