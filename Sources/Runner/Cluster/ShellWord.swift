/// Words of a POSIX shell's command line.
enum ShellWord {
  /// Says nothing to a shell, wherever it stands.
  private static let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:,+@%-=")

  /// A word that the shell takes for exactly this text. Within single quotes nothing has a meaning but a single quote.
  static func quoted(_ text: String) -> String {
    // Character by character of Unicode scalars: a combining sign would hide what it stands on.
    let isPlain =
      !text.isEmpty && text.unicodeScalars.allSatisfy { $0.isASCII && plain.contains(Character($0)) }
      // A first `=` is looked up by some shells.
      && !text.hasPrefix("=")
    guard !isPlain else { return text }
    var quoted = "'"
    for scalar in text.unicodeScalars {
      if scalar == "'" { quoted += "'\\''" } else { quoted.unicodeScalars.append(scalar) }
    }
    return quoted + "'"
  }

  static func joined(_ words: [String]) -> String { words.map(quoted).joined(separator: " ") }
}
