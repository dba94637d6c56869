/// A place in the document being encoded. A reference, because containers are filled after they were handed out.
final class EncodedNode {
  enum Content {
    /// Nothing has been encoded here yet.
    case empty
    case value(JSONValue)
    case array([EncodedNode])
    case object(Members)
  }

  struct Members {
    var keys: [String] = []
    var nodes: [String: EncodedNode] = [:]
  }

  var content = Content.empty

  /// Makes this an array, unless it is one already.
  func becomeArray() {
    switch content {
    case .empty: content = .array([])
    case .array: break
    case .value, .object: preconditionFailure("an unkeyed container where something else has been encoded")
    }
  }

  /// Makes this an object, unless it is one already.
  func becomeObject() {
    switch content {
    case .empty: content = .object(Members())
    case .object: break
    case .value, .array: preconditionFailure("a keyed container where something else has been encoded")
    }
  }

  var elements: [EncodedNode] {
    if case .array(let elements) = content { elements } else { [] }
  }

  func append() -> EncodedNode {
    let node = EncodedNode()
    // Emptied first, so that the array is not copied.
    var elements = elements
    content = .empty
    elements.append(node)
    content = .array(elements)
    return node
  }

  /// The node of `key`, made at the first call.
  func member(_ key: String) -> EncodedNode {
    guard case .object(var members) = content else { preconditionFailure("not a keyed container") }
    if let node = members.nodes[key] { return node }
    let node = EncodedNode()
    content = .empty
    members.keys.append(key)
    members.nodes[key] = node
    content = .object(members)
    return node
  }

  /// Orders the keys by Unicode scalars.
  func sortKeys() {
    guard case .object(var members) = content else { return }
    members.keys.sort { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
    content = .object(members)
  }

  /// The finished value.
  func value(at path: JSONPath) throws(JSONError) -> JSONValue {
    switch content {
    case .empty:
      throw .unencodable(path: path.description, reason: "the type has encoded nothing")
    case .value(let value):
      return value
    case .array(let nodes):
      var elements: [JSONValue] = []
      elements.reserveCapacity(nodes.count)
      for (index, node) in nodes.enumerated() {
        elements.append(try node.value(at: path.appending(.index(index))))
      }
      return .array(elements)
    case .object(let members):
      var result: [JSONMember] = []
      result.reserveCapacity(members.keys.count)
      for key in members.keys {
        guard let node = members.nodes[key] else { continue }
        result.append(JSONMember(key: key, value: try node.value(at: path.appending(.key(key)))))
      }
      return .object(result)
    }
  }
}
