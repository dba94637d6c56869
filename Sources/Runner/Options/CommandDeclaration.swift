import ArgumentParser
import Foundation
import JSON

/// What a command takes, as the program tells it of itself.
struct CommandDeclaration {
  struct Option {
    /// Without dashes.
    let name: String
    let takesValue: Bool
    let isRepeating: Bool
  }

  /// Its words, such as `leaderboard table`.
  let path: String
  let options: [Option]
  /// Names of what is given by its place.
  let arguments: Set<String>

  /// - Parameters:
  ///   - words: the command line, without the program.
  ///   - root: whose subcommands they name.
  /// - Returns: the command, and how many words name it.
  static func named(by words: [String], in root: any ParsableCommand.Type) -> (declaration: Self, words: Int) {
    var (command, count) = (root, 0)
    while count < words.count,
      let next = command.configuration.subcommands.first(where: { $0._commandName == words[count] })
    {
      (command, count) = (next, count + 1)
    }
    return (Self(command, path: words.prefix(count).joined(separator: " ")), count)
  }

  private init(_ command: any ParsableCommand.Type, path: String) {
    self.path = path
    let document = try? JSONDecoding.parse(Data(command._dumpHelp().utf8), source: "help")
    let declared = document?["command"]?["arguments"]?.arrayValue ?? []
    options = declared.compactMap { argument in
      guard let kind = argument["kind"]?.stringValue, kind != "positional",
        let name = argument["names"]?.arrayValue?.first(where: { $0["kind"]?.stringValue == "long" })?["name"]?
          .stringValue, name != "help"
      else { return nil }
      return Option(
        name: name, takesValue: kind == "option", isRepeating: argument["isRepeating"] == .bool(true))
    }
    arguments = Set(
      declared.filter { $0["kind"]?.stringValue == "positional" }.compactMap { $0["valueName"]?.stringValue })
  }
}
