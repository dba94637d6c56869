import BenchCore
import JSON

extension ModelDescription {
  /// The description's `architecture` as a layer list, or as several.
  /// - Parameters:
  ///   - type: `[Layer]`, or what names several of them.
  ///   - architecture: the description's own, which is there and no name.
  /// - Throws: `JSONError`, with paths as in the description's file.
  func layers<List: Decodable>(_ type: List.Type, in architecture: JSONValue) throws -> List {
    // As a member of an object, as it is in the file.
    let document = JSONValue.object([JSONMember(key: "architecture", value: architecture)])
    return try JSONDecoding.decode(
      LayerDocument<List>.self, from: document, source: "description `\(id)`", rejectUnknownKeys: true
    ).architecture
  }
}

private struct LayerDocument<List: Decodable>: Decodable {
  let architecture: List
}
