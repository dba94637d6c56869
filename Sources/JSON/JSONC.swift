internal import CJSONC
import Foundation

/// The bridge to json-c, which writes: the only file that knows it.
enum JSONC {
  /// No document, read or written, nests deeper: json-c frees and prints its trees recursively, and Swift reads and frees so.
  static let depthCeiling = 512
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
