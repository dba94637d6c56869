/// Reads an array element by element.
struct UnkeyedReader: UnkeyedDecodingContainer {
  private let elements: [JSONValue]
  private let decoder: ValueDecoder
  private(set) var currentIndex = 0

  init(elements: [JSONValue], decoder: ValueDecoder) {
    self.elements = elements
    self.decoder = decoder
  }

  var codingPath: [any CodingKey] { decoder.codingPath }
  var count: Int? { elements.count }
  var isAtEnd: Bool { currentIndex == elements.count }

  mutating func decodeNil() throws -> Bool {
    guard try current().isNull else { return false }
    currentIndex += 1
    return true
  }

  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
    let element = try decoder.context.decode(type, from: try current(), below: decoder, at: .index(currentIndex))
    currentIndex += 1
    return element
  }

  mutating func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type
  ) throws -> KeyedDecodingContainer<NestedKey> {
    let container = try nested().container(keyedBy: type)
    currentIndex += 1
    return container
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    let container = try nested().unkeyedContainer()
    currentIndex += 1
    return container
  }

  mutating func superDecoder() throws -> any Decoder {
    let decoder = try nested()
    currentIndex += 1
    return decoder
  }

  private func nested() throws(JSONError) -> ValueDecoder { decoder.nested(try current(), at: .index(currentIndex)) }

  private func current() throws(JSONError) -> JSONValue {
    guard currentIndex < elements.count else {
      throw .missingElement(source: decoder.context.source, path: decoder.path.description, count: elements.count)
    }
    return elements[currentIndex]
  }
}
