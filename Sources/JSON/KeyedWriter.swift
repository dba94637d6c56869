/// Writes an object key by key.
struct KeyedWriter<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let node: EncodedNode
  let path: JSONPath

  var codingPath: [any CodingKey] { path.codingPath }

  func encodeNil(forKey key: Key) throws { try encoder(key).encodeNil() }

  func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
    let encoder = encoder(key)
    guard case .empty = encoder.node.content else {
      throw JSONError.unencodable(path: encoder.path.description, reason: "the key is encoded twice")
    }
    try encoder.encode(value)
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type, forKey key: Key
  ) -> KeyedEncodingContainer<NestedKey> {
    encoder(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    encoder(key).unkeyedContainer()
  }

  func superEncoder() -> any Encoder { encoder(PathKey.super) }

  func superEncoder(forKey key: Key) -> any Encoder { encoder(key) }

  private func encoder(_ key: some CodingKey) -> NodeEncoder {
    NodeEncoder(node: node.member(key.stringValue), path: path.appending(.key(key.stringValue)))
  }
}
