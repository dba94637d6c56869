/// Writes an array element by element.
struct UnkeyedWriter: UnkeyedEncodingContainer {
  let node: EncodedNode
  let path: JSONPath

  var codingPath: [any CodingKey] { path.codingPath }
  var count: Int { node.elements.count }

  func encodeNil() throws { try next().encodeNil() }

  func encode<T: Encodable>(_ value: T) throws { try next().encode(value) }

  func nestedContainer<NestedKey: CodingKey>(keyedBy type: NestedKey.Type) -> KeyedEncodingContainer<NestedKey> {
    next().container(keyedBy: type)
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { next().unkeyedContainer() }

  func superEncoder() -> any Encoder { next() }

  private func next() -> NodeEncoder {
    let index = count
    return NodeEncoder(node: node.append(), path: path.appending(.index(index)))
  }
}
