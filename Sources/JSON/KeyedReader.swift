import Text

/// Reads an object by its keys.
struct KeyedReader<Key: CodingKey>: KeyedDecodingContainerProtocol {
  private let members: [JSONMember]
  /// Nil where there are so few members that looking through them is quicker than hashing.
  private let indices: [String: Int]?
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
    indices =
      members.count <= Self.few
      ? nil : Dictionary(members.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
    object = audit.object(at: path, members: members)
  }

  private static var few: Int { 16 }

  private func place(of key: String) -> Int? {
    if let indices { indices[key] } else { members.firstIndex { $0.key == key } }
  }

  var codingPath: [any CodingKey] { path.codingPath }

  /// The keys that `Key` knows. Whoever lists them reads them all.
  var allKeys: [Key] {
    members.enumerated().compactMap { place, member in
      guard let key = Key(stringValue: member.key) else { return nil }
      object.ask(member.key, at: place)
      return key
    }
  }

  func contains(_ key: Key) -> Bool { member(key) != nil }

  func decodeNil(forKey key: Key) throws -> Bool { try value(key).isNull }

  // Most of what a file holds are numbers that may be null: asked for once, and not three times as the standard library does.

  func decode(_ type: Double.Type, forKey key: Key) throws -> Double {
    let value = try value(key)
    if case .number(let number) = value { return number }
    return try context.decode(type, from: value, at: path.appending(key))
  }

  func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? {
    guard let value = member(key), !value.isNull else { return nil }
    if case .number(let number) = value { return number }
    return try context.decode(type, from: value, at: path.appending(key))
  }

  func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
    guard let value = member(key), !value.isNull else { return nil }
    return try context.decode(type, from: value, at: path.appending(key))
  }

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
    decoder(of: member(PathKey.super.stringValue) ?? .null, PathKey.super)
  }

  func superDecoder(forKey key: Key) -> any Decoder {
    decoder(of: member(key) ?? .null, key)
  }

  private func member(_ key: Key) -> JSONValue? { member(key.stringValue) }

  private func member(_ key: String) -> JSONValue? {
    let place = place(of: key)
    object.ask(key, at: place)
    return place.map { members[$0].value }
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
