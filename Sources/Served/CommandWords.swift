/// Splits a command line into words as a shell does, and does nothing else that a shell does.
enum CommandWords {
  /// Blanks separate words; `'...'` and `"..."` keep them together; `\` takes the next character as it is, inside `"..."`
  /// only before `"` and `\`.
  /// - Throws: `ServedPluginError.command` where there is no word, or a quotation has no end.
  static func split(_ text: String) throws(ServedPluginError) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var characters = text.makeIterator()
    while let character = characters.next() {
      if character == "\\", quote != "'" {
        guard let next = characters.next() else { throw .command(text, reason: "ends in a backslash") }
        if quote == "\"", next != "\"", next != "\\" { word = (word ?? "") + "\\" }
        word = (word ?? "") + String(next)
      } else if let open = quote {
        if character == open { quote = nil } else { word = (word ?? "") + String(character) }
      } else if character == "'" || character == "\"" {
        quote = character
        word = word ?? ""
      } else if character.isWhitespace {
        if let word { words.append(word) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    guard quote == nil else { throw .command(text, reason: "a quotation is not closed") }
    if let word { words.append(word) }
    guard let first = words.first, !first.isEmpty else { throw .command(text, reason: "no program is named") }
    return words
  }
}
