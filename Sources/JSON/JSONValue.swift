/// A JSON document held in memory, members in document order.
///
/// Integers and other numbers are kept apart by their spelling: `1` is `.integer(1)` and `1.0` is `.number(1)`, so that
/// seeds and digests of 64-bit integers survive. Both answer `doubleValue`.
public enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(Int64)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([JSONMember])
}

/// One `"key": value` of an object.
public struct JSONMember: Sendable, Equatable {
  public var key: String
  public var value: JSONValue

  public init(key: String, value: JSONValue) {
    self.key = key
    self.value = value
  }
}

extension JSONValue {
  /// The value of the first member called `key`; `nil` where there is none or this is no object.
  public subscript(_ key: String) -> JSONValue? {
    objectValue?.first { $0.key == key }?.value
  }

  public var stringValue: String? {
    if case .string(let text) = self { text } else { nil }
  }

  /// An integer, or a number without fraction: JSON itself does not tell `2` from `2.0`.
  public var intValue: Int? {
    switch self {
    case .integer(let integer): Int(exactly: integer)
    case .number(let number): Int(exactly: number)
    default: nil
    }
  }

  public var doubleValue: Double? {
    switch self {
    case .integer(let integer): Double(integer)
    case .number(let number): number
    default: nil
    }
  }

  var isNull: Bool {
    if case .null = self { true } else { false }
  }

  public var boolValue: Bool? {
    if case .bool(let bool) = self { bool } else { nil }
  }

  public var arrayValue: [JSONValue]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  public var objectValue: [JSONMember]? {
    if case .object(let members) = self { members } else { nil }
  }

  /// The word for this value's type in messages.
  var kind: String {
    switch self {
    case .null: "null"
    case .bool: "boolean"
    case .integer: "integer"
    case .number: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }
}
