import BenchCore
import Foundation
import JSON
import Text

/// One thing wrong with a document, with its place.
package struct SchemaProblem: Sendable, Hashable, CustomStringConvertible {
  /// Such as `$.checkpoint.file`.
  package let path: String
  package let problem: String

  package init(_ path: String, _ problem: String) {
    self.path = path
    self.problem = problem
  }

  package var description: String { "\(path): \(problem)" }
}

/// A JSON Schema (2020-12), as far as this project's own schemas need it: `supportedKeywords`.
///
/// All problems are reported, each at its path. `x-expected`, an annotation to other validators, is what a message says was
/// expected; a schema with another keyword than the supported ones is refused, so that none is ignored silently.
package struct JSONSchema: Sendable {
  package static let supportedKeywords: Set<String> = [
    "$schema", "$id", "$defs", "$ref", "title", "description", "x-expected", "type", "enum", "const", "properties",
    "required", "additionalProperties", "dependentRequired", "items", "minItems", "maxItems", "minLength", "maxLength",
    "pattern", "format", "minimum", "maximum", "exclusiveMinimum", "anyOf",
  ]

  let root: JSONValue

  /// - Throws: JSON's errors, and `SchemaError` for a keyword that is not supported.
  package init(_ text: String, source: String) throws {
    root = try JSONDecoding.parse(Data(text.utf8), source: source)
    if let keyword = Self.unsupportedKeyword(root) { throw SchemaError.unsupported(source: source, keyword: keyword) }
  }

  /// - Parameter definition: the name of one of `$defs`; nil for the schema itself.
  package func problems(in value: JSONValue, definition: String? = nil) -> [SchemaProblem] {
    let schema = definition.map { JSONValue.object([JSONMember(key: "$ref", value: .string("#/$defs/\($0)"))]) } ?? root
    var seen: Set<SchemaProblem> = []
    return problems(value, schema, "$").filter { seen.insert($0).inserted }
  }

  /// The schema behind `$ref`.
  func resolved(_ schema: JSONValue) -> JSONValue? {
    guard let reference = schema["$ref"]?.stringValue else { return nil }
    return reference.split(separator: "/").dropFirst().reduce(Optional(root)) { $0?[String($1)] }
  }

  private static func unsupportedKeyword(_ schema: JSONValue) -> String? {
    for member in schema.objectValue ?? [] {
      guard supportedKeywords.contains(member.key) else { return member.key }
      let nested: [JSONValue] =
        switch member.key {
        case "$defs", "properties": member.value.objectValue?.map(\.value) ?? []
        case "items": [member.value]
        case "anyOf": member.value.arrayValue ?? []
        default: []
        }
      if let keyword = nested.lazy.compactMap(unsupportedKeyword).first { return keyword }
    }
    return nil
  }

  private func problems(_ value: JSONValue, _ schema: JSONValue, _ path: String) -> [SchemaProblem] {
    let expected = schema["x-expected"]?.stringValue
    var found: [SchemaProblem] = []
    if let target = resolved(schema) { found += problems(value, target, path) }
    if let types = schema["type"], !Self.names(types).contains(where: { Self.matches(value, $0) }) {
      let wanted = expected ?? Self.names(types).joined(separator: " or ")
      return found + [SchemaProblem(path, "is \(Self.shown(value)), expected \(wanted)")]
    }
    if let constant = schema["const"], constant != value {
      found.append(SchemaProblem(path, "is \(Self.shown(value)), expected \(Self.shown(constant))"))
    }
    if let cases = schema["enum"]?.arrayValue, !cases.contains(value) {
      found.append(
        SchemaProblem(
          path, "is \(Self.shown(value)), expected one of \(cases.map(Self.shown).joined(separator: ", "))"))
    }
    switch value {
    case .string(let text): found += checkString(text, schema, path)
    case .integer, .number: found += checkNumber(value, schema, path)
    case .array(let elements): found += checkArray(elements, schema, path)
    case .object(let members): found += checkObject(members, schema, path)
    case .null, .bool: break
    }
    if let alternatives = schema["anyOf"]?.arrayValue {
      let results = alternatives.map { problems(value, $0, path) }
      if results.allSatisfy({ !$0.isEmpty }) {
        // One whose type is right says more than that none fits.
        let near = zip(alternatives, results).first { alternative, _ in
          alternative["type"].map { Self.names($0).contains { Self.matches(value, $0) } } ?? false
        }
        found += near?.1 ?? [SchemaProblem(path, expected.map { "expected \($0)" } ?? "fits none of the alternatives")]
      }
    }
    return found
  }

  private func checkString(_ text: String, _ schema: JSONValue, _ path: String) -> [SchemaProblem] {
    if schema["format"]?.stringValue == "plain-text", let problem = PlainText.problem(in: text) {
      return [SchemaProblem(path, problem)]
    }
    let length = text.unicodeScalars.count
    if let most = schema["maxLength"]?.intValue, length > most {
      return [SchemaProblem(path, "has \(length) characters, at most \(most) are allowed")]
    }
    if let least = schema["minLength"]?.intValue, length < least { return [SchemaProblem(path, "is empty")] }
    guard let pattern = schema["pattern"]?.stringValue else { return [] }
    // By scalars, so that a combining character cannot hide the one before it.
    guard let regex = try? Regex(pattern).matchingSemantics(.unicodeScalar), text.firstMatch(of: regex) == nil else {
      return []
    }
    return [
      SchemaProblem(
        path,
        "is \(Self.shown(.string(text))), expected \(schema["x-expected"]?.stringValue ?? "text that matches \(pattern)")"
      )
    ]
  }

  private func checkNumber(_ value: JSONValue, _ schema: JSONValue, _ path: String) -> [SchemaProblem] {
    guard let number = value.doubleValue else { return [] }
    let low = schema["minimum"]?.doubleValue
    let above = schema["exclusiveMinimum"]?.doubleValue
    let high = schema["maximum"]?.doubleValue
    guard
      low.map({ number < $0 }) ?? false || above.map({ number <= $0 }) ?? false || high.map({ number > $0 }) ?? false
    else { return [] }
    let bounds = [
      low.map { "at least \(Self.shown(.number($0)))" }, above.map { "above \(Self.shown(.number($0)))" },
      high.map { "at most \(Self.shown(.number($0)))" },
    ].compactMap { $0 }.joined(separator: " and ")
    return [SchemaProblem(path, "is \(Self.shown(value)), expected \(bounds)")]
  }

  private func checkArray(_ elements: [JSONValue], _ schema: JSONValue, _ path: String) -> [SchemaProblem] {
    var found: [SchemaProblem] = []
    if let least = schema["minItems"]?.intValue, elements.count < least {
      found.append(SchemaProblem(path, "has \(elements.count) elements, expected at least \(least)"))
    }
    if let most = schema["maxItems"]?.intValue, elements.count > most {
      return found + [SchemaProblem(path, "has \(elements.count) elements, expected at most \(most)")]
    }
    if let items = schema["items"] {
      found += elements.enumerated().flatMap { problems($1, items, "\(path)[\($0)]") }
    }
    return found
  }

  private func checkObject(_ members: [JSONMember], _ schema: JSONValue, _ path: String) -> [SchemaProblem] {
    var found: [SchemaProblem] = []
    let properties = schema["properties"]?.objectValue ?? []
    let present = Set(members.map(\.key))
    let unknown = members.map(\.key).filter { key in !properties.contains { $0.key == key } }
    if schema["additionalProperties"] == .bool(false) {
      for key in unknown {
        let nearest = Nearest.question(about: key, among: properties.map(\.key))
        found.append(SchemaProblem(path, "unknown key `\(PlainText.shown(key))`\(nearest)"))
      }
    }
    for key in Self.names(schema["required"] ?? .null) where !present.contains(key) {
      found.append(SchemaProblem(path, "missing key `\(key)`\(meaning(of: key, in: schema))"))
    }
    for member in schema["dependentRequired"]?.objectValue ?? [] where present.contains(member.key) {
      for key in Self.names(member.value) where !present.contains(key) {
        found.append(SchemaProblem(path, "missing key `\(key)`, which belongs to `\(member.key)`"))
      }
    }
    for member in members {
      guard let property = properties.first(where: { $0.key == member.key }) else { continue }
      found += problems(member.value, property.value, path + PlainText.step(member.key))
    }
    return found
  }

  /// What a missing key is for, from its description here or where `$ref` leads.
  private func meaning(of key: String, in schema: JSONValue) -> String {
    let here = schema["properties"]?[key]?["description"]?.stringValue
    let there = resolved(schema)?["properties"]?[key]?["description"]?.stringValue
    return (here ?? there).map { " (\($0))" } ?? ""
  }

  private static func names(_ value: JSONValue) -> [String] {
    value.stringValue.map { [$0] } ?? value.arrayValue?.compactMap(\.stringValue) ?? []
  }

  private static func matches(_ value: JSONValue, _ type: String) -> Bool {
    switch (type, value) {
    case ("null", .null), ("boolean", .bool), ("string", .string), ("array", .array), ("object", .object): true
    case ("number", .integer), ("number", .number), ("integer", .integer): true
    case ("integer", .number(let number)): number == number.rounded() && abs(number) < 0x1p53
    default: false
    }
  }

  /// A value in a message: short, and nothing in it that a terminal would act on.
  private static func shown(_ value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool(let bool): "\(bool)"
    case .integer(let integer): "\(integer)"
    case .number(let number): abs(number) < 0x1p53 && number == number.rounded() ? "\(Int(number))" : "\(number)"
    case .string(let text): "`\(PlainText.shown(text))`"
    case .array(let elements): "an array of \(elements.count)"
    case .object: "an object"
    }
  }
}

package enum SchemaError: Error, Sendable, CustomStringConvertible {
  case unsupported(source: String, keyword: String)

  package var description: String {
    switch self {
    case .unsupported(let source, let keyword): "\(source): the keyword `\(keyword)` is not supported"
    }
  }
}
