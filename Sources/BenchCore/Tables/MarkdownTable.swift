import Text

/// Tables as GitHub's Markdown has them.
enum MarkdownTable {
  static func text(_ table: Table) -> String {
    let header = table.columns.map(\.name)
    let rules = table.columns.map { $0.isNumeric ? "---:" : "---" }
    let rows = table.rows.map { $0.map { $0.words(name: name) } }
    let lines = ([header, rules] + rows).map { "| " + $0.joined(separator: " | ") + " |" }
    return (["**\(name(table.title))**", ""] + lines).joined(separator: "\n") + "\n"
  }

  /// No character of a name begins markup, a tag, a link or another cell.
  static func name(_ text: String) -> String {
    var result = ""
    for character in PlainText.shown(text) {
      switch character {
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "&": result += "&amp;"
      case "\\", "`", "*", "_", "{", "}", "[", "]", "|", "~", "$", "!", "#", ":", "@": result += "\\\(character)"
      case "\n", "\r", "\t", "\r\n": result += " "
      default: result.append(character)
      }
    }
    // A bare address becomes a link, at its `:` or its `www.`.
    return result.replacing("www.", with: "www\\.")
  }
}
