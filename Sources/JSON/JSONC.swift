internal import CJSONC
import Foundation

/// The bridge to json-c: the only file that knows it.
enum JSONC {
  /// No document, read or written, nests deeper: json-c frees and prints its trees recursively, and so does Swift.
  static let depthCeiling = 512

  /// Parses one value that `JSONGrammar` accepted.
  /// - Parameter bytes: the value without white space around it, fewer than 2^31.
  static func parse(
    _ bytes: UnsafeBufferPointer<UInt8>, source: String, maximumDepth: Int
  ) throws(JSONError) -> JSONValue {
    // json-c counts the document itself as a level, and refuses the last one.
    guard let tokener = json_tokener_new_ex(Int32(maximumDepth + 2)), let length = Int32(exactly: bytes.count) else {
      throw .tooLarge(source: source, byteCount: bytes.count)
    }
    defer { json_tokener_free(tokener) }
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8)
    var root = bytes.withMemoryRebound(to: CChar.self) { json_tokener_parse_ex(tokener, $0.baseAddress, length) }
    if json_tokener_get_error(tokener) == json_tokener_continue {
      // A number has no end of its own: the terminating zero byte is its end.
      root = json_tokener_parse_ex(tokener, "", 1)
    }
    defer { json_object_put(root) }
    let status = json_tokener_get_error(tokener)
    guard status == json_tokener_success else {
      let end = min(json_tokener_get_parse_end(tokener), bytes.count)
      let grammar = JSONGrammar(bytes: bytes, source: source, maximumDepth: maximumDepth)
      throw .syntax(
        source: source, position: grammar.position(end), problem: String(cString: json_tokener_error_desc(status)))
    }
    var path = JSONPath()
    return try value(of: root, path: &path, source: source)
  }

  /// - Parameter object: borrowed; json-c's null is the null pointer.
  private static func value(
    of object: OpaquePointer?, path: inout JSONPath, source: String
  ) throws(JSONError) -> JSONValue {
    switch json_object_get_type(object) {
    case json_type_boolean: return .bool(json_object_get_boolean(object) != 0)
    case json_type_int: return .integer(json_object_get_int64(object))
    case json_type_double:
      let number = json_object_get_double(object)
      guard number.isFinite else {
        throw .numberOutOfRange(
          source: source, path: path.description, number: text(of: object), expected: "a 64-bit floating-point number")
      }
      return .number(number)
    case json_type_string: return .string(text(of: object))
    case json_type_array:
      var elements: [JSONValue] = []
      elements.reserveCapacity(json_object_array_length(object))
      for index in 0..<json_object_array_length(object) {
        path.components.append(.index(index))
        elements.append(try value(of: json_object_array_get_idx(object, index), path: &path, source: source))
        path.components.removeLast()
      }
      return .array(elements)
    case json_type_object:
      var members: [JSONMember] = []
      members.reserveCapacity(Int(json_object_object_length(object)))
      var iterator = json_object_iter_begin(object)
      var end = json_object_iter_end(object)
      while json_object_iter_equal(&iterator, &end) == 0 {
        let key = String(cString: json_object_iter_peek_name(&iterator))
        path.components.append(.key(key))
        let member = try value(of: json_object_iter_peek_value(&iterator), path: &path, source: source)
        members.append(JSONMember(key: key, value: member))
        path.components.removeLast()
        json_object_iter_next(&iterator)
      }
      return .object(members)
    default: return .null
    }
  }

  /// The text of a string, which may contain U+0000, or of a double as it was written.
  private static func text(of object: OpaquePointer?) -> String {
    guard let start = json_object_get_string(object) else { return "" }
    let count = Int(json_object_get_string_len(object))
    guard json_object_is_type(object, json_type_string) != 0 else { return String(cString: start) }
    return UnsafeBufferPointer(start: start, count: count).withMemoryRebound(to: UInt8.self) {
      String(decoding: $0, as: UTF8.self)
    }
  }
}

extension JSONC {
  /// The text of `value`: over several lines with an indent of two spaces, or all on one line.
  static func serialise(_ value: JSONValue, isPretty: Bool) throws(JSONError) -> Data {
    var writer = Writer()
    let root = try writer.make(value)
    defer { json_object_put(root) }
    try writer.fill(root, with: value)
    let layout = isPretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED : JSON_C_TO_STRING_PLAIN
    var length = 0
    guard
      let text = json_object_to_json_string_length(root, layout | JSON_C_TO_STRING_NOSLASHESCAPE, &length)
    else { throw writer.outOfMemory }
    return Data(bytes: text, count: length)
  }

  /// Builds json-c's tree. A child is attached to its parent before it is filled, so that freeing the root frees
  /// everything whenever an error ends the work.
  private struct Writer {
    var path = JSONPath()
    /// An upper bound of the text's length so far. json-c's buffer ends at 2 GiB without telling.
    var byteCount = 0

    var outOfMemory: JSONError { .unencodable(path: path.description, reason: "json-c has run out of memory") }

    /// The object for `value`, an empty one for arrays and objects. The caller owns it.
    mutating func make(_ value: JSONValue) throws(JSONError) -> OpaquePointer? {
      // Two spaces for each level, line break and comma, and the longest number of 24 characters.
      try count(2 * path.components.count + 32)
      let object: OpaquePointer?
      switch value {
      case .null: return nil
      case .bool(let bool): object = json_object_new_boolean(bool ? 1 : 0)
      case .integer(let integer): object = json_object_new_int64(integer)
      case .number(let number):
        guard number.isFinite else { throw .unencodable(path: path.description, reason: "JSON has no \(number)") }
        // Swift's description is the shortest text that reads back as the same double.
        object = json_object_new_double_s(number, number.description)
      case .string(var text):
        try count(longestEscape * text.utf8.count)
        object = text.withUTF8 { utf8 in
          // An empty string may have no address, which json-c would take for a missing one.
          utf8.isEmpty
            ? json_object_new_string("")
            : utf8.withMemoryRebound(to: CChar.self) { json_object_new_string_len($0.baseAddress, Int32($0.count)) }
        }
      case .array(let elements):
        object = json_object_new_array()
        if elements.isEmpty { Self.fix(object, text: "[]") }
      case .object(let members):
        object = json_object_new_object()
        if members.isEmpty { Self.fix(object, text: "{}") }
      }
      guard let object else { throw outOfMemory }
      return object
    }

    /// Prints a container without content as `text`: where json-c breaks the line there differs between its versions.
    private static func fix(_ container: OpaquePointer?, text: StaticString) {
      guard let container else { return }
      json_object_set_serializer(
        container, { json_object_userdata_to_json_string($0, $1, $2, $3) },
        UnsafeMutableRawPointer(mutating: text.utf8Start), nil)
    }

    mutating func fill(_ container: OpaquePointer?, with value: JSONValue) throws(JSONError) {
      switch value {
      case .array(let elements):
        try checkDepth()
        for (index, element) in elements.enumerated() {
          path.components.append(.index(index))
          let child = try make(element)
          guard json_object_array_add(container, child) == 0 else {
            json_object_put(child)
            throw outOfMemory
          }
          try fill(child, with: element)
          path.components.removeLast()
        }
      case .object(let members):
        try checkDepth()
        var keys: Set<String> = []
        for member in members {
          path.components.append(.key(member.key))
          guard keys.insert(member.key).inserted else {
            throw .unencodable(path: path.description, reason: "the key occurs twice")
          }
          guard !member.key.utf8.contains(0) else {
            throw .unencodable(path: path.description, reason: "the key contains the character U+0000")
          }
          try count(longestEscape * member.key.utf8.count)
          let child = try make(member.value)
          guard json_object_object_add(container, member.key, child) == 0 else {
            json_object_put(child)
            throw outOfMemory
          }
          try fill(child, with: member.value)
          path.components.removeLast()
        }
      default: break
      }
    }

    private func checkDepth() throws(JSONError) {
      guard path.components.count < JSONC.depthCeiling else {
        throw .unencodable(path: "$", reason: "arrays and objects nest deeper than \(JSONC.depthCeiling) levels")
      }
    }

    /// Bytes of `\u0001`.
    private let longestEscape = 6

    private mutating func count(_ bytes: Int) throws(JSONError) {
      byteCount += bytes
      guard byteCount < Int(Int32.max) else {
        throw .unencodable(path: path.description, reason: "the text would be longer than 2 GiB")
      }
    }
  }
}
