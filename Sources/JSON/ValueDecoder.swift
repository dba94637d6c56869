/// Presents one JSON value to an `init(from:)`.
struct ValueDecoder: Decoder {
  let value: JSONValue
  let path: JSONPath
  let context: DecodingContext
  let audit: KeyAudit

  var codingPath: [any CodingKey] { path.codingPath }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard case .object(let members) = value else { throw context.wrongType("object", got: value, at: path) }
    return KeyedDecodingContainer(KeyedReader(members: members, path: path, context: context, audit: audit))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .array(let elements) = value else { throw context.wrongType("array", got: value, at: path) }
    return UnkeyedReader(elements: elements, path: path, context: context, audit: audit)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { self }

  /// The value as it is, all its keys thereby known.
  func takeWholeValue() -> JSONValue {
    if case .object(let members) = value {
      audit.object(at: path, members: members).askForAll()
    }
    return value
  }
}

extension ValueDecoder: SingleValueDecodingContainer {
  func decodeNil() -> Bool { value == .null }

  func decode<T: Decodable>(_ type: T.Type) throws -> T {
    // The same decoder goes on for types that are no scalars: what either type asks for is known to both.
    type is any JSONScalar.Type ? try context.decode(type, from: value, at: path) : try T(from: self)
  }
}
