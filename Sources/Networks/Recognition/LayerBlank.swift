import JSON

/// A field of a proposed layer list that somebody has to fill: a string `"? 1"`, where 1 is what was tried.
enum LayerBlank {
  private static let mark = "?"

  /// A layer with the given fields as blanks.
  static func marked(_ layer: JSONValue, unknown fields: [String]) -> JSONValue {
    guard case .object(let members) = layer else { return layer }
    return .object(
      members.map { member in
        guard fields.contains(member.key) else { return member }
        let tried =
          if case .string(let text) = member.value { text } else {
            (try? JSONEncoding.encodeCompact(member.value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
          }
        return JSONMember(key: member.key, value: .string("\(mark) \(tried)"))
      })
  }

  /// The blanks of a list, as paths of a `model.json` such as `$.architecture[3].stride (tried: 1)`.
  /// - Parameter path: of `value`.
  static func paths(in value: JSONValue, _ path: String = "$.architecture") -> [String] {
    switch value {
    case .array(let elements): elements.indices.flatMap { paths(in: elements[$0], "\(path)[\($0)]") }
    case .object(let members):
      // A tensor may be called anything.
      members.filter { $0.key != "name" }.flatMap { paths(in: $0.value, "\(path).\($0.key)") }
    case .string(let text) where text.hasPrefix(mark):
      ["\(path)" + (text.count > 2 ? " (tried: \(text.dropFirst(2)))" : "")]
    default: []
    }
  }
}
