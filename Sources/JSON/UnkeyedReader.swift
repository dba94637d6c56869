/// Reads an array element by element.
struct UnkeyedReader: UnkeyedDecodingContainer {
  private let elements: [JSONValue]
  private let path: JSONPath
  private let context: DecodingContext
  private let audit: KeyAudit
  private(set) var currentIndex = 0

  init(elements: [JSONValue], path: JSONPath, context: DecodingContext, audit: KeyAudit) {
    self.elements = elements
    self.path = path
    self.context = context
    self.audit = audit
  }

  var codingPath: [any CodingKey] { path.codingPath }
  var count: Int? { elements.count }
  var isAtEnd: Bool { currentIndex == elements.count }

  mutating func decodeNil() throws -> Bool {
    guard try current() == .null else { return false }
    currentIndex += 1
    return true
  }

  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
    let element = try context.decode(type, from: try current(), at: path.appending(.index(currentIndex)))
    currentIndex += 1
    return element
  }

  mutating func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type
  ) throws -> KeyedDecodingContainer<NestedKey> {
    let container = try decoder().container(keyedBy: type)
    currentIndex += 1
    return container
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    let container = try decoder().unkeyedContainer()
    currentIndex += 1
    return container
  }

  mutating func superDecoder() throws -> any Decoder {
    let decoder = try decoder()
    currentIndex += 1
    return decoder
  }

  private func decoder() throws(JSONError) -> ValueDecoder {
    ValueDecoder(
      value: try current(), path: path.appending(.index(currentIndex)), context: context, audit: audit)
  }

  private func current() throws(JSONError) -> JSONValue {
    guard currentIndex < elements.count else {
      throw .missingElement(source: context.source, path: path.description, count: elements.count)
    }
    return elements[currentIndex]
  }
}
