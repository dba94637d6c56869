/// What stays the same all through one decoding, and the one way to decode a value.
final class DecodingContext: Sendable {
  let source: String
  let rejectsUnknownKeys: Bool

  init(source: String, rejectsUnknownKeys: Bool) {
    self.source = source
    self.rejectsUnknownKeys = rejectsUnknownKeys
  }

  /// - Parameters:
  ///   - parent: the decoder of the array or object that `value` lies in; nil for the document.
  ///   - place: where in it.
  func decode<T: Decodable>(
    _ type: T.Type, from value: JSONValue, below parent: ValueDecoder?, at place: JSONPath.Component?
  ) throws(JSONError) -> T {
    if let scalar = Self.scalar(type) {
      return try decode(type, as: scalar, from: value, at: ValueDecoder.path(below: parent, at: place))
    }
    let decoder = ValueDecoder(value: value, below: parent, at: place, context: self)
    defer { decoder.end() }
    do {
      let result = try T(from: decoder)
      if rejectsUnknownKeys, decoder.hasUnknownKeys {
        // Once more, to learn for the message what it asks for that is not there.
        decoder.notesAbsentKeys = true
        _ = try T(from: decoder)
        try decoder.rejectUnknownKeys()
      }
      return result
    } catch let error as JSONError {
      throw error
    } catch let error as DecodingError {
      throw describe(error)
    } catch {
      throw .invalidValue(source: source, path: decoder.path.description, reason: "\(error)")
    }
  }

  /// The type as that of a scalar; nil where it is none.
  ///
  /// One by one, because asking a type at run time what it conforms to takes longer than decoding most values, and a list of them would
  /// be counted as in use and out of use again by all threads at once.
  static func scalar<T>(_ type: T.Type) -> (any JSONScalar.Type)? {
    switch ObjectIdentifier(type) {
    case ObjectIdentifier(Double.self): Double.self
    case ObjectIdentifier(String.self): String.self
    case ObjectIdentifier(Int.self): Int.self
    case ObjectIdentifier(Bool.self): Bool.self
    case ObjectIdentifier(Float.self): Float.self
    case ObjectIdentifier(UInt64.self): UInt64.self
    case ObjectIdentifier(Int64.self): Int64.self
    case ObjectIdentifier(UInt32.self): UInt32.self
    case ObjectIdentifier(Int32.self): Int32.self
    case ObjectIdentifier(UInt16.self): UInt16.self
    case ObjectIdentifier(Int16.self): Int16.self
    case ObjectIdentifier(UInt8.self): UInt8.self
    case ObjectIdentifier(Int8.self): Int8.self
    case ObjectIdentifier(UInt.self): UInt.self
    default: nil
    }
  }

  func decode<T: Decodable>(
    _ type: T.Type, as scalar: any JSONScalar.Type, from value: JSONValue, at path: @autoclosure () -> JSONPath
  ) throws(JSONError) -> T {
    guard let result = try read(scalar, from: value, at: path()) as? T else {
      throw wrongType("\(type)", got: value, at: path())
    }
    return result
  }

  /// - Parameter path: of `value`, for messages.
  func read<T: JSONScalar>(
    _ type: T.Type, from value: JSONValue, at path: @autoclosure () -> JSONPath
  ) throws(JSONError) -> T {
    do { return try T.read(value) } catch { throw describe(error, of: value, at: path()) }
  }

  func describe(_ mismatch: ScalarMismatch, of value: JSONValue, at path: JSONPath) -> JSONError {
    switch mismatch {
    case .wrongType(let expected): wrongType(expected, got: value, at: path)
    case .outOfRange(let expected):
      .numberOutOfRange(source: source, path: path.description, number: Self.text(of: value), expected: expected)
    }
  }

  func wrongType(_ expected: String, got value: JSONValue, at path: JSONPath) -> JSONError {
    // The number itself says why a number is not the expected one.
    let isNumber = if case .number = value { true } else { false }
    return .wrongType(
      source: source, path: path.description, expected: expected,
      got: isNumber ? "number \(Self.text(of: value))" : value.kind)
  }

  private static func text(of value: JSONValue) -> String {
    switch value {
    case .integer(let integer): "\(integer)"
    case .number(let number): "\(number)"
    default: value.kind
    }
  }

  /// An error of a type's own `init(from:)`, or of the standard library's.
  private func describe(_ error: DecodingError) -> JSONError {
    let context: DecodingError.Context? =
      switch error {
      case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
        .dataCorrupted(let context):
        context
      @unknown default: nil
      }
    return .invalidValue(
      source: source, path: JSONPath(context?.codingPath ?? []).description,
      reason: context?.debugDescription ?? "\(error)")
  }
}
