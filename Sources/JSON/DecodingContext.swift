/// What stays the same all through one decoding, and the one way to decode a value.
struct DecodingContext {
  let source: String
  let rejectsUnknownKeys: Bool

  /// - Parameter path: where `value` lies; worked out only when a decoder or a message needs it.
  func decode<T: Decodable>(
    _ type: T.Type, from value: JSONValue, at path: @autoclosure () -> JSONPath
  ) throws(JSONError) -> T {
    if let scalarType = type as? any JSONScalar.Type {
      do {
        if let scalar = try scalarType.read(value) as? T { return scalar }
      } catch {
        switch error {
        case .wrongType(let expected): throw wrongType(expected, got: value, at: path())
        case .outOfRange(let expected):
          throw .numberOutOfRange(
            source: source, path: path().description, number: Self.text(of: value), expected: expected)
        }
      }
    }
    let decoder = ValueDecoder(value: value, path: path(), context: self, audit: KeyAudit())
    do {
      let result = try T(from: decoder)
      if rejectsUnknownKeys { try decoder.audit.rejectUnknownKeys(source: source) }
      return result
    } catch let error as JSONError {
      throw error
    } catch let error as DecodingError {
      throw describe(error)
    } catch {
      throw .invalidValue(source: source, path: decoder.path.description, reason: "\(error)")
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
