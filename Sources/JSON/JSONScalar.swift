/// The Swift types that are one JSON boolean, number or string.
protocol JSONScalar: Sendable {
  /// - Throws: what is expected instead.
  static func read(_ value: JSONValue) throws(ScalarMismatch) -> Self

  /// - Throws: the reason why JSON has no such value.
  func written() throws(UnwritableScalar) -> JSONValue
}

/// Why a JSON value is not the scalar that was asked for; the payload says what is expected.
enum ScalarMismatch: Error {
  case wrongType(String)
  case outOfRange(String)
}

/// A number that JSON, or `JSONValue`, does not have.
struct UnwritableScalar: Error {
  let reason: String
}

extension Bool: JSONScalar {
  static func read(_ value: JSONValue) throws(ScalarMismatch) -> Bool {
    guard let scalar = value.boolValue else { throw .wrongType("boolean") }
    return scalar
  }

  func written() -> JSONValue { .bool(self) }
}

extension String: JSONScalar {
  static func read(_ value: JSONValue) throws(ScalarMismatch) -> String {
    guard let scalar = value.stringValue else { throw .wrongType("string") }
    return scalar
  }

  func written() -> JSONValue { .string(self) }
}

extension Double: JSONScalar {
  static func read(_ value: JSONValue) throws(ScalarMismatch) -> Double {
    guard let scalar = value.doubleValue else { throw .wrongType("number") }
    return scalar
  }

  func written() throws(UnwritableScalar) -> JSONValue {
    guard isFinite else { throw UnwritableScalar(reason: "JSON has no \(self)") }
    return .number(self)
  }
}

extension Float: JSONScalar {
  static func read(_ value: JSONValue) throws(ScalarMismatch) -> Float {
    guard let number = value.doubleValue else { throw .wrongType("number") }
    let rounded = Float(number)
    guard rounded.isFinite else { throw .outOfRange("a 32-bit floating-point number") }
    return rounded
  }

  /// The double with the same shortest text, 0.1 and not 0.10000000149011612. Should rounding twice, decimal to double
  /// to float, ever miss this number, then the double that is exactly equal.
  func written() throws(UnwritableScalar) -> JSONValue {
    guard isFinite else { throw UnwritableScalar(reason: "JSON has no \(self)") }
    guard let short = Double(description), Float(short) == self else { return .number(Double(self)) }
    return .number(short)
  }
}

extension JSONScalar where Self: FixedWidthInteger {
  static func read(_ value: JSONValue) throws(ScalarMismatch) -> Self {
    let exact: Self?
    switch value {
    case .integer(let integer): exact = Self(exactly: integer)
    case .number(let number) where number.rounded() == number: exact = Self(exactly: number)
    default: throw .wrongType("integer")
    }
    guard let exact else { throw .outOfRange("an integer in \(Self.min)...\(Self.max)") }
    return exact
  }

  func written() throws(UnwritableScalar) -> JSONValue {
    guard let integer = Int64(exactly: self) else {
      throw UnwritableScalar(reason: "integer \(self) is beyond 64 bits with sign; write it as a string")
    }
    return .integer(integer)
  }
}

extension Int: JSONScalar {}
extension Int8: JSONScalar {}
extension Int16: JSONScalar {}
extension Int32: JSONScalar {}
extension Int64: JSONScalar {}
extension UInt: JSONScalar {}
extension UInt8: JSONScalar {}
extension UInt16: JSONScalar {}
extension UInt32: JSONScalar {}
extension UInt64: JSONScalar {}
