import Foundation
import Tensor

/// A named tensor as it lies in a file: converted only when asked for, whatever its dtype, offset and strides.
///
/// All sizes have been checked against the file when the tensor was found, so reading cannot leave its storage.
public struct StoredTensor: Sendable {
  public let name: String
  public let dtype: DType
  /// Sizes, outermost first; empty for a scalar.
  public let shape: [Int]

  let storage: ByteRegion
  let layout: TensorLayout
  /// The file's name, for errors.
  let file: String

  public var elementCount: Int { layout.elementCount }

  /// - Precondition: `layout` was checked against the elements of `storage`.
  init(name: String, dtype: DType, layout: TensorLayout, storage: ByteRegion, file: String) {
    self.name = name
    self.dtype = dtype
    self.layout = layout
    self.storage = storage
    self.file = file
    shape = layout.shape
  }

  /// The same tensor under another name.
  func renamed(_ name: String) -> StoredTensor {
    StoredTensor(name: name, dtype: dtype, layout: layout, storage: storage, file: file)
  }

  /// The same tensor with dimension `axes[d]` in the place of `d`.
  /// - Precondition: `axes` names each dimension once.
  package func permuted(_ axes: [Int]) -> StoredTensor {
    StoredTensor(name: name, dtype: dtype, layout: layout.permuted(axes), storage: storage, file: file)
  }

  /// Whether more elements are shown than are stored, as after `expand`.
  var isExpanded: Bool { elementCount > storage.count / dtype.byteCount }

  /// Whether both read the same bytes in the same way.
  func isSameView(as other: StoredTensor) -> Bool {
    dtype == other.dtype && layout == other.layout && storage.offset == other.storage.offset
      && storage.count == other.storage.count && storage.data.count == other.storage.data.count
      && storage.data.withUnsafeBytes { mine in
        other.storage.data.withUnsafeBytes { theirs in mine.baseAddress == theirs.baseAddress }
      }
  }

  /// All elements as float32, row-major. Float64 and wide integers are rounded to the nearest.
  /// - Throws: `CheckpointError` where memory or storage do not allow it.
  public func floats() throws(CheckpointError) -> [Float] {
    let floats = try converted()
    try storage.withBytes { FileMapping.release($0) }
    return floats
  }

  /// The elements as float32, read from the file whenever they are asked for.
  /// - Precondition: they have been read before: then there is nothing left that could be wrong with them.
  package var source: TensorSource { TensorSource { (try? floats()) ?? [] } }

  /// Whether an element is NaN, as float32.
  /// - Throws: as `floats()`.
  package func hasNaN() throws(CheckpointError) -> Bool {
    guard dtype == .float32, isContiguous, elementCount > 0 else { return try floats().withUnsafeBytes(\.hasNaN) }
    let width = dtype.byteCount
    return try storage.withBytes { (bytes) throws(CheckpointError) in
      let start = layout.offset * width
      defer { FileMapping.release(bytes) }
      return UnsafeRawBufferPointer(rebasing: bytes[start..<start + elementCount * width]).hasNaN
    }
  }

  /// Whether the elements lie row after row, with nothing between.
  private var isContiguous: Bool {
    let (sizes, steps) = layout.collapsed
    return sizes.isEmpty || sizes.count == 1 && steps[0] == 1
  }

  /// Whoever reads a file a second time wants what it was the first time.
  /// - Throws: `CheckpointError.cannotOpen` where the file was written to meanwhile.
  package func requireUnchanged() throws(CheckpointError) {
    try storage.withBytes { (bytes) throws(CheckpointError) in
      guard FileMapping.isUnchanged(bytes) else {
        throw .cannotOpen(
          file: file,
          reason: "it was written to while it was in use; begin again, and write new weights to another file")
      }
    }
  }

  private func converted() throws(CheckpointError) -> [Float] {
    switch dtype {
    case .float32: return try gathered(Float.self)
    case .float64: return try gathered(Double.self).map { Float($0) }
    case .float16: return try gathered(UInt16.self).map { HalfPrecision.binary16($0) }
    case .bfloat16: return try gathered(UInt16.self).map { HalfPrecision.bfloat16($0) }
    case .int64: return try gathered(Int64.self).map { Float($0) }
    case .int32: return try gathered(Int32.self).map { Float($0) }
    case .int16: return try gathered(Int16.self).map { Float($0) }
    case .int8: return try gathered(Int8.self).map { Float($0) }
    case .uint64: return try gathered(UInt64.self).map { Float($0) }
    case .uint32: return try gathered(UInt32.self).map { Float($0) }
    case .uint16: return try gathered(UInt16.self).map { Float($0) }
    case .uint8: return try gathered(UInt8.self).map { Float($0) }
    case .bool: return try gathered(UInt8.self).map { $0 == 0 ? 0 : 1 }
    }
  }

  /// All elements as float64, row-major; exact but for integers beyond 2^53.
  public func doubles() throws(CheckpointError) -> [Double] {
    switch dtype {
    case .float64: return try gathered(Double.self)
    case .int64: return try gathered(Int64.self).map { Double($0) }
    case .int32: return try gathered(Int32.self).map { Double($0) }
    case .uint64: return try gathered(UInt64.self).map { Double($0) }
    case .uint32: return try gathered(UInt32.self).map { Double($0) }
    default: return try floats().map { Double($0) }
    }
  }

  /// All elements of an integral or boolean tensor, exactly, row-major.
  /// - Throws: `CheckpointError.invalidTensor` for floating-point tensors and values beyond 2^63.
  public func integers() throws(CheckpointError) -> [Int64] {
    switch dtype {
    case .int64: return try gathered(Int64.self)
    case .int32: return try gathered(Int32.self).map { Int64($0) }
    case .int16: return try gathered(Int16.self).map { Int64($0) }
    case .int8: return try gathered(Int8.self).map { Int64($0) }
    case .uint64:
      let values = try gathered(UInt64.self)
      guard values.allSatisfy({ $0 <= UInt64(Int64.max) }) else {
        throw .invalidTensor(file: file, tensor: name, problem: "holds values beyond 2^63, expected 64-bit integers")
      }
      return values.map { Int64($0) }
    case .uint32: return try gathered(UInt32.self).map { Int64($0) }
    case .uint16: return try gathered(UInt16.self).map { Int64($0) }
    case .uint8: return try gathered(UInt8.self).map { Int64($0) }
    case .bool: return try gathered(UInt8.self).map { $0 == 0 ? 0 : 1 }
    case .float64, .float32, .float16, .bfloat16:
      throw .invalidTensor(
        file: file, tensor: name, problem: "has dtype \(dtype.rawValue), expected an integer type")
    }
  }

  /// All elements of a tensor of bytes, row-major.
  /// - Throws: `CheckpointError.invalidTensor` for any other element type.
  package func bytes() throws(CheckpointError) -> [UInt8] {
    guard dtype == .uint8 else {
      throw .invalidTensor(file: file, tensor: name, problem: "has dtype \(dtype.rawValue), expected uint8")
    }
    return try gathered(UInt8.self)
  }

  /// Some elements of a tensor of bytes that lie in row-major order, without reading the others.
  /// - Parameters:
  ///   - range: of all elements.
  ///   - output: of as many.
  /// - Throws: `CheckpointError.invalidTensor` for any other element type or order.
  package func copyBytes(
    _ range: Range<Int>, to output: UnsafeMutableBufferPointer<UInt8>
  ) throws(CheckpointError) {
    try copy(range, of: .uint8, to: UnsafeMutableRawBufferPointer(output))
  }

  /// Some elements of a tensor of float32 that lie in row-major order, without reading the others.
  /// - Parameter range: of all elements.
  /// - Throws: `CheckpointError.invalidTensor` for any other element type or order.
  package func floats(_ range: Range<Int>) throws(CheckpointError) -> [Float] {
    var floats = [Float](repeating: 0, count: range.count)
    // A typed error cannot pass through the array's method.
    let copied = floats.withUnsafeMutableBytes { output -> Result<Void, CheckpointError> in
      Result { () throws(CheckpointError) in try copy(range, of: .float32, to: output) }
    }
    try copied.get()
    return floats
  }

  private func copy(
    _ range: Range<Int>, of expected: DType, to output: UnsafeMutableRawBufferPointer
  ) throws(CheckpointError) {
    guard dtype == expected, isContiguous, range.upperBound <= elementCount else {
      throw .invalidTensor(
        file: file, tensor: name,
        problem:
          "has dtype \(dtype.rawValue) and strides \(layout.strides), expected \(expected.rawValue), row after row"
      )
    }
    let width = dtype.byteCount
    try storage.withBytes { (bytes) throws(CheckpointError) in
      let start = (layout.offset + range.lowerBound) * width
      output.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + range.count * width]))
    }
  }

  /// The elements in row-major order, as they are stored: one `memcpy` where they are contiguous.
  private func gathered<Element: BitwiseCopyable>(_: Element.Type) throws(CheckpointError) -> [Element] {
    let width = MemoryLayout<Element>.size
    let (sizes, steps) = layout.collapsed
    return try storage.withBytes { (bytes) throws(CheckpointError) -> [Element] in
      [Element](unsafeUninitializedCapacity: elementCount) { target, count in
        count = elementCount
        guard elementCount > 0 else { return }
        if sizes.isEmpty || sizes.count == 1 && steps[0] == 1 {
          let start = layout.offset * width
          UnsafeMutableRawBufferPointer(target).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: bytes[start..<(start + elementCount * width)]))
        } else {
          gatherStrided(bytes, sizes: sizes, steps: steps, into: target)
        }
      }
    }
  }

  /// Copies row by row of the innermost dimension, counting the outer ones like an odometer.
  private func gatherStrided<Element: BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, sizes: [Int], steps: [Int], into target: UnsafeMutableBufferPointer<Element>
  ) {
    let width = MemoryLayout<Element>.size
    let innerSize = sizes[sizes.count - 1]
    let innerStep = steps[steps.count - 1] * width
    var counters = [Int](repeating: 0, count: sizes.count - 1)
    var start = layout.offset
    var written = 0
    while written < target.count {
      var position = start * width
      for _ in 0..<innerSize {
        target.initializeElement(at: written, to: bytes.loadUnaligned(fromByteOffset: position, as: Element.self))
        written += 1
        position += innerStep
      }
      for dimension in counters.indices.reversed() {
        counters[dimension] += 1
        start += steps[dimension]
        if counters[dimension] < sizes[dimension] { break }
        start -= counters[dimension] * steps[dimension]
        counters[dimension] = 0
      }
    }
  }
}
