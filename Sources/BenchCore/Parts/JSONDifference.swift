import Foundation
import JSON

/// What differs between two JSON documents, one line for each place.
package enum JSONDifference {
  /// - Returns: such as `recipe.epochs is 5, was 3`; empty where both say the same. The order of members does not count,
  ///   and neither does the spelling of numbers.
  package static func lines(from old: JSONValue, to new: JSONValue, at path: String = "") -> [String] {
    switch (old, new) {
    case (.object(let oldMembers), .object(let newMembers)):
      let keys = oldMembers.map(\.key) + newMembers.map(\.key).filter { key in !oldMembers.contains { $0.key == key } }
      return keys.flatMap { key in
        lines(from: old[key] ?? .null, to: new[key] ?? .null, at: path.isEmpty ? key : "\(path).\(key)")
      }
    case (.array(let oldElements), .array(let newElements)) where oldElements.count == newElements.count:
      return zip(oldElements, newElements).enumerated().flatMap { index, pair in
        lines(from: pair.0, to: pair.1, at: "\(path)[\(index)]")
      }
    default:
      if let first = old.doubleValue, let second = new.doubleValue, first == second { return [] }
      return old == new ? [] : ["\(path) is \(text(new)), was \(text(old))"]
    }
  }

  private static func text(_ value: JSONValue) -> String {
    if value == .null { return "not given" }
    let text = (try? JSONEncoding.encodeCompact(value)).map { String(decoding: $0, as: UTF8.self) } ?? "?"
    return text.count > 60 ? text.prefix(57) + "..." : text
  }
}
