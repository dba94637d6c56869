/// Text from strangers that ends on terminals and web pages.
package enum PlainText {
  /// What keeps text from being shown as it is: control and formatting characters (among them those that turn the direction
  /// of writing), the beginnings of HTML tags and character references; nil for plain text of one line.
  package static func problem(in text: String) -> String? {
    var hiding = Hiding()
    if let scalar = text.unicodeScalars.first(where: { hiding.hides($0) }) {
      return hiding.isStack
        ? "has more than \(Hiding.markLimit) marks on one letter, which stack up over other lines; expected plain text"
        : "contains the character \(name(of: scalar)), which is not shown as itself; expected plain text of one line"
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
    var hiding = Hiding()
    let scalars = text.unicodeScalars.prefix(limit).map { hiding.hides($0) ? name(of: $0) : String($0) }
    return scalars.joined() + (text.unicodeScalars.count > limit ? "..." : "")
  }

  /// Text of several lines as a terminal may get it: characters that are not shown as themselves are spelt out, so that no
  /// name from a file can move the cursor, change colours or hide what stands before it. Line breaks and tabs stay.
  package static func printable(_ text: String) -> String {
    var hiding = Hiding()
    guard text.unicodeScalars.contains(where: { hiding.hides($0) && $0 != "\n" && $0 != "\t" }) else { return text }
    hiding = Hiding()
    return text.unicodeScalars.map { hiding.hides($0) && $0 != "\n" && $0 != "\t" ? name(of: $0) : String($0) }
      .joined()
  }

  /// Which characters of a text are not shown as themselves, from its beginning on: those without a sign of their own, and marks on a letter
  /// that has many already, for they stack up over the lines above and below, whoever those belong to.
  private struct Hiding {
    /// Pointed Hebrew and Tibetan have this many.
    static let markLimit = 4

    /// On the last letter.
    private var marks = 0
    var isStack: Bool { marks > Self.markLimit }

    mutating func hides(_ scalar: Unicode.Scalar) -> Bool {
      // Nearly every character, without a table.
      let category = (0x20..<0x7F).contains(scalar.value) ? nil : scalar.properties.generalCategory
      switch category {
      case .nonspacingMark, .enclosingMark: marks += 1
      default: marks = 0
      }
      switch category {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: return true
      default: return isStack
      }
    }
  }

  private static func name(of scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}
