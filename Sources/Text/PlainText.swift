/// Text from strangers that ends on terminals and web pages.
package enum PlainText {
  /// What keeps text from being shown as it is: control and formatting characters (among them those that turn the direction
  /// of writing), the beginnings of HTML tags and character references; nil for plain text of one line.
  package static func problem(in text: String) -> String? {
    if let scalar = text.unicodeScalars.first(where: isHidden) {
      return
        "contains the character \(name(of: scalar)), which is not shown as itself; expected plain text of one line"
    }
    if text.firstMatch(of: /<[A-Za-z\/!?]/) != nil {
      return "contains `<` followed by a letter, as HTML does; expected plain text"
    }
    if text.firstMatch(of: /&#?[A-Za-z0-9]+;/) != nil {
      return "contains an HTML character reference; expected plain text, with the character itself"
    }
    guard text.contains(where: { !$0.isWhitespace }) else { return "is empty" }
    return nil
  }

  /// The text with such characters spelt out, and not longer than `limit` characters: fit for one line of a message.
  package static func shown(_ text: String, limit: Int = 80) -> String {
    let scalars = text.unicodeScalars.prefix(limit).map { isHidden($0) ? name(of: $0) : String($0) }
    return scalars.joined() + (text.unicodeScalars.count > limit ? "..." : "")
  }

  /// Text of several lines as a terminal may get it: characters that are not shown as themselves are spelt out, so that no
  /// name from a file can move the cursor, change colours or hide what stands before it. Line breaks and tabs stay.
  package static func printable(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { isHidden($0) && $0 != "\n" && $0 != "\t" }) else { return text }
    return text.unicodeScalars.map { isHidden($0) && $0 != "\n" && $0 != "\t" ? name(of: $0) : String($0) }.joined()
  }

  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    // Nearly every character, without a table.
    guard !(0x20..<0x7F).contains(scalar.value) else { return false }
    return switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: true
    default: false
    }
  }

  private static func name(of scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}
