/// Lets an `encode(to:)` fill one node.
struct NodeEncoder: Encoder {
  let node: EncodedNode
  let path: JSONPath

  var codingPath: [any CodingKey] { path.codingPath }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    node.becomeObject()
    return KeyedEncodingContainer(KeyedWriter(node: node, path: path))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    node.becomeArray()
    return UnkeyedWriter(node: node, path: path)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { self }

  /// Makes `value` the content of the node.
  func put(_ value: JSONValue) throws(JSONError) {
    guard case .empty = node.content else {
      throw .unencodable(path: path.description, reason: "a second value is encoded in the same place")
    }
    node.content = .value(value)
  }
}

extension NodeEncoder: SingleValueEncodingContainer {
  func encodeNil() throws { try put(.null) }

  func encode<T: Encodable>(_ value: T) throws {
    if let scalar = value as? any JSONScalar {
      do {
        return try put(try scalar.written())
      } catch let error as UnwritableScalar {
        throw JSONError.unencodable(path: path.description, reason: error.reason)
      }
    }
    try value.encode(to: self)
    guard let unordered = value as? any Unordered else { return }
    guard unordered.hasNamedElements, case .object = node.content else {
      throw JSONError.unencodable(
        path: path.description,
        reason: "a \(T.self) has no stable order; encode a sorted array, or a dictionary with string or integer keys")
    }
    node.sortKeys()
  }
}

extension NodeEncoder {
  /// Encodes a whole document.
  static func value<T: Encodable>(of value: T) throws(JSONError) -> JSONValue {
    let encoder = NodeEncoder(node: EncodedNode(), path: JSONPath())
    do {
      try encoder.encode(value)
    } catch let error as JSONError {
      throw error
    } catch let EncodingError.invalidValue(_, context) {
      throw .unencodable(path: JSONPath(context.codingPath).description, reason: context.debugDescription)
    } catch {
      throw .unencodable(path: encoder.path.description, reason: "\(error)")
    }
    return try encoder.node.value(at: encoder.path)
  }
}

/// Collections whose order changes from run to run, because hashing is seeded anew.
private protocol Unordered {
  /// Whether the elements can be told apart and sorted by their keys.
  var hasNamedElements: Bool { get }
}

extension Dictionary: Unordered {
  fileprivate var hasNamedElements: Bool { true }
}

extension Set: Unordered {
  fileprivate var hasNamedElements: Bool { false }
}
