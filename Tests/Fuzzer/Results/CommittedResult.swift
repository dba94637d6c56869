import Foundation
import JSON

/// A result of the leaderboard, with which made-up ones begin.
enum CommittedResult {
  static let id = "glyphs-cnn-cross-entropy"

  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  static let value: JSONValue = read("leaderboard/results/glyphs/\(id).json")
  static let description: JSONValue = read("models/\(id)/model.json")

  private static func read(_ path: String) -> JSONValue {
    do {
      return try JSONDecoding.parse(Data(contentsOf: root.appendingPathComponent(path)), source: path)
    } catch { preconditionFailure("\(error)") }
  }
}

extension JSONValue {
  /// The document with another value at a place that exists.
  func replacing(_ path: String..., with value: JSONValue) -> JSONValue { replacing(path[...], with: value) }

  private func replacing(_ path: ArraySlice<String>, with value: JSONValue) -> JSONValue {
    guard let key = path.first, case .object(var members) = self else { return value }
    for index in members.indices where members[index].key == key {
      members[index].value = members[index].value.replacing(path.dropFirst(), with: value)
    }
    return .object(members)
  }
}
