import Text

/// Reads an object by its keys.
struct KeyedReader<Key: CodingKey>: KeyedDecodingContainerProtocol {
  private let members: [JSONMember]
  private let indices: [String: Int]
  private let path: JSONPath
  private let context: DecodingContext
  private let audit: KeyAudit
  private let object: KeyAudit.Object

  /// - Parameter members: with unique keys, as the parser guarantees; of equal ones the first counts.
  init(members: [JSONMember], path: JSONPath, context: DecodingContext, audit: KeyAudit) {
    self.members = members
    self.path = path
    self.context = context
    self.audit = audit
    indices = Dictionary(members.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
    object = audit.object(at: path, members: members)
  }

  var codingPath: [any CodingKey] { path.codingPath }

  /// The keys that `Key` knows. Whoever lists them reads them all.
  var allKeys: [Key] {
    members.compactMap { member in
      guard let key = Key(stringValue: member.key) else { return nil }
      object.ask(member.key)
      return key
    }
  }

  func contains(_ key: Key) -> Bool { member(key) != nil }

  func decodeNil(forKey key: Key) throws -> Bool { try value(key) == .null }

  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    try context.decode(type, from: try value(key), at: path.appending(key))
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
    object.ask(PathKey.super.stringValue)
    let value = indices[PathKey.super.stringValue].map { members[$0].value } ?? .null
    return decoder(of: value, PathKey.super)
  }

  func superDecoder(forKey key: Key) -> any Decoder {
    decoder(of: member(key) ?? .null, key)
  }

  private func member(_ key: Key) -> JSONValue? {
    object.ask(key.stringValue)
    return indices[key.stringValue].map { members[$0].value }
  }

  private func value(_ key: Key) throws(JSONError) -> JSONValue {
    guard let value = member(key) else {
      throw .missingKey(
        source: context.source, path: path.description, key: key.stringValue,
        similar: Nearest.match(key.stringValue, in: object.unasked))
    }
    return value
  }

  private func decoder(of value: JSONValue, _ key: some CodingKey) -> ValueDecoder {
    ValueDecoder(value: value, path: path.appending(key), context: context, audit: audit)
  }
}
