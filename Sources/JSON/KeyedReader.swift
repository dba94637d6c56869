import Text

/// Reads an object by its keys.
struct KeyedReader<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let decoder: ValueDecoder

  private var context: DecodingContext { decoder.context }

  var codingPath: [any CodingKey] { decoder.codingPath }

  /// The keys that `Key` knows. Whoever lists them reads them all.
  var allKeys: [Key] {
    decoder.members.compactMap { member in
      guard let key = Key(stringValue: member.key) else { return nil }
      _ = decoder.member(member.key)
      return key
    }
  }

  func contains(_ key: Key) -> Bool { decoder.member(key.stringValue) != nil }

  func decodeNil(forKey key: Key) throws -> Bool { try value(key).isNull }

  // What files are full of is read without asking at run time what it is.

  func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try scalar(key) }
  func decode(_ type: String.Type, forKey key: Key) throws -> String { try scalar(key) }
  func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try scalar(key) }
  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try scalar(key) }
  func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? { try scalarIfPresent(key) }
  func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try scalarIfPresent(key) }
  func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try scalarIfPresent(key) }
  func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try scalarIfPresent(key) }

  private func scalar<T: JSONScalar>(_ key: Key) throws -> T { try scalar(value(key), key) }

  private func scalarIfPresent<T: JSONScalar>(_ key: Key) throws -> T? {
    try decoder.scalarIfPresent(key.stringValue)
  }

  private func scalar<T: JSONScalar>(_ value: JSONValue, _ key: Key) throws -> T {
    try decoder.scalar(value, at: key.stringValue)
  }

  func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
    guard let value = decoder.member(key.stringValue), !value.isNull else { return nil }
    return try context.decode(type, from: value, below: decoder, at: JSONPath.component(key))
  }

  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    try context.decode(type, from: try value(key), below: decoder, at: JSONPath.component(key))
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<NestedKey> {
    try decoder(of: try value(key), key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try decoder(of: try value(key), key).unkeyedContainer()
  }

  /// A missing or null `super` is null, by the convention of `Codable`.
  func superDecoder() -> any Decoder {
    decoder(of: decoder.member(PathKey.super.stringValue) ?? .null, PathKey.super)
  }

  func superDecoder(forKey key: Key) -> any Decoder {
    decoder(of: decoder.member(key.stringValue) ?? .null, key)
  }

  private func value(_ key: Key) throws(JSONError) -> JSONValue {
    guard let value = decoder.member(key.stringValue) else {
      throw .missingKey(
        source: context.source, path: decoder.path.description, key: key.stringValue,
        similar: Nearest.match(key.stringValue, in: decoder.unasked))
    }
    return value
  }

  private func decoder(of value: JSONValue, _ key: some CodingKey) -> ValueDecoder {
    decoder.nested(value, at: JSONPath.component(key))
  }
}
