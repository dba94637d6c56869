import BenchCore
import Checkpoints
import JSON
import Text

/// The settings of a configuration of diffusers, under the names that it gives them. Those that are left out have defaults; others that
/// are there say nothing about what is computed.
struct DiffusersSettings {
  let file: String
  private let values: [String: JSONValue]

  /// - Throws: `JSONError`, `DiffusionError.otherSetting` where the file is no object.
  init(_ file: CheckpointFile) throws {
    self.file = file.name
    let value = try JSONDecoding.parse(file.data, source: file.name)
    guard case .object(let members) = value else {
      throw DiffusionError.otherSetting(
        file: file.name, setting: "$", got: Self.shown(value), expected: "an object of settings")
    }
    values = Dictionary(members.map { ($0.key, $0.value) }) { first, _ in first }
  }

  /// Whether the file says null, which is not everywhere the default.
  func isNull(_ setting: String) -> Bool { if case .null? = values[setting] { true } else { false } }

  func contains(_ setting: String) -> Bool { values[setting] != nil }

  /// As it stands there; nil where it is null or left out.
  func value(_ setting: String) -> JSONValue? {
    isNull(setting) ? nil : values[setting]
  }

  /// A value in an error's words; strangers' texts are cut short.
  static func shown(_ value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool(let flag): "\(flag)"
    case .integer(let integer): "\(integer)"
    case .number(let number): "\(number)"
    case .string(let text): "`\(PlainText.shown(text))`"
    case .array(let elements): "a list of \(elements.count)"
    case .object: "an object"
    }
  }

  func refusal(_ setting: String, _ got: String, expected: String) -> DiffusionError {
    .otherSetting(file: file, setting: setting, got: got, expected: expected)
  }

  private func read<T>(_ setting: String, _ expected: String, _ convert: (JSONValue) -> T?) throws -> T? {
    guard let value = value(setting) else { return nil }
    guard let converted = convert(value) else { throw refusal(setting, Self.shown(value), expected: expected) }
    return converted
  }

  func integer(_ setting: String, in range: ClosedRange<Int>) throws -> Int? {
    try read(setting, "a whole number from \(range.lowerBound) to \(range.upperBound)") { value in
      guard case .integer(let integer) = value, let integer = Int(exactly: integer) else { return nil }
      return range.contains(integer) ? integer : nil
    }
  }

  func number(_ setting: String, in range: ClosedRange<Double>) throws -> Double? {
    try read(setting, "a number from \(range.lowerBound) to \(range.upperBound)") { value in
      value.doubleValue.flatMap { range.contains($0) ? $0 : nil }
    }
  }

  func flag(_ setting: String) throws -> Bool? { try read(setting, "true or false") { $0.boolValue } }

  func text(_ setting: String, among known: [String]) throws -> String? {
    try read(setting, known.map { "`\($0)`" }.joined(separator: ", ")) { value in
      value.stringValue.flatMap { known.contains($0) ? $0 : nil }
    }
  }

  func list<T>(_ setting: String, of expected: String, _ convert: (JSONValue) -> T?) throws -> [T]? {
    try read(setting, "a list of \(expected)") { value in
      guard case .array(let elements) = value else { return nil }
      let converted = elements.compactMap(convert)
      return converted.count == elements.count ? converted : nil
    }
  }
}
