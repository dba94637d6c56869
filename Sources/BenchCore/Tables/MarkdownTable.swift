import Text

/// Tables as GitHub's Markdown has them.
enum MarkdownTable {
  static func text(_ table: Table) -> String {
    let header = table.columns.map(\.name)
    let rules = table.columns.map { $0.isNumeric ? "---:" : "---" }
    let rows = table.rows.map { $0.map { $0.words(name: { name($0) }) } }
    let lines = ([header, rules] + rows).map { "| " + $0.joined(separator: " | ") + " |" }
    return (["**\(name(table.title, limit: .max))**", ""] + lines).joined(separator: "\n") + "\n"
  }

  /// No character of a name begins markup, a tag, a link or another cell.
  /// - Parameter limit: characters, beyond which dots stand.
  static func name(_ text: String, limit: Int = 80) -> String {
    // A bare address becomes a link, at its `:` or its `www.`.
    PlainText.shown(text, limit: limit).writing(signs).replacing("www.", with: "www\\.")
  }

  private static let signs: [Unicode.Scalar: String] = {
    var signs: [Unicode.Scalar: String] = ["<": "&lt;", ">": "&gt;", "&": "&amp;", "\n": " ", "\r": " ", "\t": " "]
    for sign in "\\`*_{}[]|~$!#:@".unicodeScalars { signs[sign] = "\\\(sign)" }
    return signs
  }()
}
