/// Element types by their number in the format (`TensorProto.DataType`).
package enum ONNXElementType: Sendable, Hashable, CustomStringConvertible {
  case read(DType)
  /// A type this reader knows by name or number only: strings, complex, eight-bit floats, four-bit integers.
  case other(Int)

  package init(_ number: Int) {
    self = Self.numbers.first { $0.value == number }.map { .read($0.key) } ?? .other(number)
  }

  private static let numbers: [DType: Int] = [
    .float32: 1, .uint8: 2, .int8: 3, .uint16: 4, .int16: 5, .int32: 6, .int64: 7, .bool: 9, .float16: 10,
    .float64: 11, .uint32: 12, .uint64: 13, .bfloat16: 16,
  ]

  private static let otherNames: [Int: String] = [
    8: "string", 14: "complex64", 15: "complex128", 17: "float8e4m3fn", 18: "float8e4m3fnuz", 19: "float8e5m2",
    20: "float8e5m2fnuz", 21: "uint4", 22: "int4", 23: "float4e2m1",
  ]

  package var description: String {
    switch self {
    case .read(let type): type.rawValue
    case .other(let number): Self.otherNames[number] ?? "number \(number)"
    }
  }

  package var dtype: DType? {
    if case .read(let type) = self { type } else { nil }
  }
}
