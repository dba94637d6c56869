import ArgumentParser

/// The command line before the parser sees it: the options of `--config` put in, lists of numbers put together.
enum CommandLineArguments {
  /// - Throws: `ConfigurationFileError`.
  static func prepared(_ arguments: [String], for root: any ParsableCommand.Type) throws -> [String] {
    NumberListArguments.joined(try withConfiguration(arguments, root))
  }

  private static let option = "--config"

  private static func withConfiguration(
    _ arguments: [String], _ root: any ParsableCommand.Type
  ) throws -> [String] {
    // What follows `--` is another command's, or no option.
    let own = arguments.prefix { $0 != "--" }
    let files =
      zip(own, own.dropFirst()).filter { $0.0 == option }.map(\.1)
      + own.filter { $0.hasPrefix(option + "=") }.map { String($0.dropFirst(option.count + 1)) }
    guard let file = files.first else { return arguments }
    guard files.count == 1 else { throw ConfigurationFileError.twice }
    let (declaration, words) = CommandDeclaration.named(by: Array(own), in: root)
    let given = Set(own.filter { $0.hasPrefix("--") }.map { String($0.dropFirst(2).prefix { $0 != "=" }) })
    let further = try ConfigurationFile(file).arguments(for: declaration, besides: given)
    return arguments.prefix(words) + further + arguments.dropFirst(words)
  }
}
