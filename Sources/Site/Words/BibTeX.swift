import BenchCore

/// A model's entry for a bibliography, from what its submission says of its source.
enum BibTeX {
  static func entry(_ model: ModelRecord) -> String {
    let source = model.source
    // Braces around the title keep its capitals.
    var fields = [("title", "{\(text(model.name))}")]
    if let authors = source?.authors { fields.insert(("author", text(authors)), at: 0) }
    if let link = OutsideText.link(source?.url) ?? OutsideText.link(source?.paper) {
      fields.append(("howpublished", "\\url{\(address(link))}"))
    }
    var note: [String] = []
    if let paper = source?.paper, OutsideText.link(paper) == nil { note.append(text(paper)) }
    if let sha256 = model.checkpoint?.sha256 { note.append("checkpoint with SHA-256 \(sha256)") }
    if !note.isEmpty { fields.append(("note", note.joined(separator: "; "))) }
    let lines = fields.map { "  \($0.0) = {\($0.1)}" }.joined(separator: ",\n")
    // An identifier has nothing that ends a key.
    return "@misc{\(model.id),\n\(lines)\n}"
  }

  /// LaTeX with every brace in a pair: BibTeX counts braces, escaped or not.
  private static func text(_ text: String) -> String {
    let name = LaTeXTable.name(text)
    guard name.utf8.contains(UInt8(ascii: "\\")) else { return name }
    return name.replacing("\\{", with: "\\textbraceleft{}").replacing("\\}", with: "\\textbraceright{}")
  }

  /// `\url` takes nearly everything as it is; what would end it or the field is percent-encoded (RFC 3986, section 2.1).
  private static func address(_ link: String) -> String {
    let forbidden: [Character: String] = [
      "{": "%7B", "}": "%7D", "\\": "%5C", "^": "%5E", "`": "%60", "\"": "%22", "|": "%7C",
    ]
    return link.map { forbidden[$0] ?? String($0) }.joined()
  }
}
