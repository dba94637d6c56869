import ArgumentParser
import Foundation
import JSON
import Text
import Yams

/// The file of `--config`: a YAML mapping from names of a command's options to their values. It becomes arguments, which the
/// parser takes as if they had been typed, so that every bound and every message is the same.
struct ConfigurationFile {
  /// Nobody writes as much by hand.
  private static let largest = 1 << 16

  private let path: String
  private let entries: [(name: String, value: Node)]

  /// - Throws: `ConfigurationFileError`.
  init(_ path: String) throws {
    self.path = path
    guard let present = FileIdentity(path), present.isRegular else { throw ConfigurationFileError.missing(path) }
    guard present.bytes <= Self.largest else {
      throw ConfigurationFileError.tooLarge(path, bytes: present.bytes, largest: Self.largest)
    }
    guard let data = FileManager.default.contents(atPath: path), let text = String(data: data, encoding: .utf8) else {
      throw ConfigurationFileError.notText(path)
    }
    // A few lines of them stand for more nodes than memory holds.
    guard text.firstMatch(of: /(?:^|[\s\[{,])&\S/) == nil else { throw ConfigurationFileError.anchors(path) }
    let root: Node?
    do { root = try compose(yaml: text) } catch {
      throw ConfigurationFileError.notYAML(path, problem: Self.words(error))
    }
    guard let root, root != "" else {
      entries = []
      return
    }
    guard let mapping = root.mapping else { throw ConfigurationFileError.notAMapping(path) }
    entries = try mapping.map { key, value in
      guard let name = key.scalar?.string else { throw ConfigurationFileError.notAMapping(path) }
      // Python people write them with underscores.
      return (name.replacing("_", with: "-"), value)
    }
  }

  /// Where and what, without the whole file.
  private static func words(_ error: any Error) -> String {
    guard case .parser(_, let problem, let mark, _) = error as? YamlError else {
      return "\(error)".split(separator: "\n").first.map(String.init) ?? "unreadable"
    }
    return "line \(mark.line), column \(mark.column): \(problem)"
  }

  /// - Parameters:
  ///   - declared: what the command takes.
  ///   - given: on the command line, where an option counts more than here.
  /// - Throws: `ConfigurationFileError`.
  func arguments(for declared: CommandDeclaration, besides given: Set<String>) throws -> [String] {
    try entries.flatMap { name, value -> [String] in
      guard name != "config" else { throw ConfigurationFileError.nested(path) }
      guard let option = declared.options.first(where: { $0.name == name }) else {
        throw ConfigurationFileError.unknown(path, name, declared)
      }
      guard !given.contains(name) else { return [] }
      return try arguments(of: option, value)
    }
  }

  private func arguments(of option: CommandDeclaration.Option, _ value: Node) throws -> [String] {
    let name = option.name
    guard option.takesValue else {
      guard let isSet = value.bool else {
        throw ConfigurationFileError.wrongValue(path, name, expected: "true or false")
      }
      return isSet ? ["--\(name)"] : []
    }
    if let values = value.sequence?.map(\.scalar?.string) {
      let texts = values.compactMap { $0 }
      guard texts.count == values.count, !texts.isEmpty else {
        throw ConfigurationFileError.wrongValue(path, name, expected: "a value, or a list of values")
      }
      // `--metric a --metric b`, but `--mean 0.5,0.5,0.5`.
      return option.isRepeating
        ? texts.map { "--\(name)=\(Self.expanded($0))" } : ["--\(name)=\(texts.joined(separator: ","))"]
    }
    guard let text = value.scalar?.string, value.null == nil else {
      throw ConfigurationFileError.wrongValue(path, name, expected: "a value, or a list of values")
    }
    return ["--\(name)=\(Self.expanded(text))"]
  }

  /// A shell does this to what is typed.
  private static func expanded(_ text: String) -> String {
    text.hasPrefix("~/") ? (text as NSString).expandingTildeInPath : text
  }
}

enum ConfigurationFileError: Error, CustomStringConvertible {
  case missing(String)
  case tooLarge(String, bytes: Int, largest: Int)
  case notText(String)
  case anchors(String)
  case notYAML(String, problem: String)
  case notAMapping(String)
  case nested(String)
  case unknown(String, String, CommandDeclaration)
  case wrongValue(String, String, expected: String)
  case twice

  var description: String {
    switch self {
    case .missing(let path): "--config: there is no file \(path)"
    case .tooLarge(let path, let bytes, let largest):
      "--config: \(path) has \(bytes) bytes, expected at most \(largest) of options"
    case .notText(let path): "--config: \(path) is no UTF-8 text; expected YAML, lines `name: value`"
    case .anchors(let path): "--config: \(path): anchors (&name) are not taken; write the values out"
    case .notYAML(let path, let problem): "--config: \(path): \(problem); expected YAML, lines `name: value`"
    case .notAMapping(let path): "--config: \(path): expected lines `name: value`, with the names of options"
    case .nested(let path): "--config: \(path): names a further file of options; write the options into one"
    case .unknown(let path, let name, let declared):
      if declared.arguments.contains(name) {
        "--config: \(path): `\(name)` is no option of \(declared.path) but an argument; give it on the command line"
      } else {
        Nearest.unknown("--config: \(path): \(declared.path) has no option", name, among: declared.options.map(\.name))
      }
    case .wrongValue(let path, let name, let expected): "--config: \(path): `\(name)`: expected \(expected)"
    case .twice: "--config: was given twice; write the options into one file"
    }
  }
}
