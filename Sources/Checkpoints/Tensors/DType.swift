/// The element types that are read.
///
/// Everything converts to float32, the type of all computation here; integers also stay available exactly
/// (`num_batches_tracked` and the like). Eight-bit floats, complex numbers and quantised integers are refused by name.
public enum DType: String, Sendable, CaseIterable {
  case float64, float32, float16, bfloat16
  case int64, int32, int16, int8
  case uint64, uint32, uint16, uint8
  case bool

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .float64, .int64, .uint64: return 8
    case .float32, .int32, .uint32: return 4
    case .float16, .bfloat16, .int16, .uint16: return 2
    case .int8, .uint8, .bool: return 1
    }
  }

  /// Elements of the largest NumPy array that is accepted.
  var largestArray: Int { self == .uint8 ? Limits.arrayBytes : Limits.tensorElements }

  public var isFloatingPoint: Bool {
    switch self {
    case .float64, .float32, .float16, .bfloat16: return true
    default: return false
    }
  }
}

/// The names under which each format knows the element types.
extension DType {
  /// From a PyTorch storage class: `FloatStorage`, `HalfStorage`, …
  init?(storageClass: String) {
    guard let match = Self.allCases.first(where: { $0.storageClass == storageClass }) else { return nil }
    self = match
  }

  /// The PyTorch storage class; the wide unsigned integers have none.
  var storageClass: String? {
    switch self {
    case .float64: return "DoubleStorage"
    case .float32: return "FloatStorage"
    case .float16: return "HalfStorage"
    case .bfloat16: return "BFloat16Storage"
    case .int64: return "LongStorage"
    case .int32: return "IntStorage"
    case .int16: return "ShortStorage"
    case .int8: return "CharStorage"
    case .uint8: return "ByteStorage"
    case .bool: return "BoolStorage"
    case .uint64, .uint32, .uint16: return nil
    }
  }

  /// From NumPy's type string without its byte order: `f4`, `i8`, `b1`, …
  init?(numpy: String) {
    switch numpy {
    case "f8": self = .float64
    case "f4": self = .float32
    case "f2": self = .float16
    case "i8": self = .int64
    case "i4": self = .int32
    case "i2": self = .int16
    case "i1": self = .int8
    case "u8": self = .uint64
    case "u4": self = .uint32
    case "u2": self = .uint16
    case "u1": self = .uint8
    case "b1": self = .bool
    default: return nil
    }
  }

  /// From a safetensors header: `F32`, `BF16`, …
  init?(safetensors: String) {
    guard let match = Self.allCases.first(where: { $0.safetensorsName == safetensors }) else { return nil }
    self = match
  }

  var safetensorsName: String {
    switch self {
    case .float64: return "F64"
    case .float32: return "F32"
    case .float16: return "F16"
    case .bfloat16: return "BF16"
    case .int64: return "I64"
    case .int32: return "I32"
    case .int16: return "I16"
    case .int8: return "I8"
    case .uint64: return "U64"
    case .uint32: return "U32"
    case .uint16: return "U16"
    case .uint8: return "U8"
    case .bool: return "BOOL"
    }
  }
}
