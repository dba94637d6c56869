/// Text from strangers that ends on terminals and web pages.
package enum PlainText {
  /// What keeps text from being shown as it is: control and formatting characters (among them those that turn the direction
  /// of writing), the beginnings of HTML tags and character references; nil for plain text of one line.
  package static func problem(in text: String) -> String? {
    var letters = Letters()
    for scalar in text.unicodeScalars {
      switch letters.next(scalar) {
      case .shown: continue
      case .hidden:
        return
          "contains the character \(name(of: scalar)), which is not shown as itself; expected plain text of one line"
      case .surplus:
        return
          "has more than \(Letters.markLimit) marks on one letter, which stack up over other lines; expected plain text"
      }
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
    spelt(text.unicodeScalars.prefix(limit)) + (text.unicodeScalars.count > limit ? "..." : "")
  }

  /// Text of several lines as a terminal may get it: characters that are not shown as themselves are spelt out, so that no
  /// name from a file can move the cursor, change colours or hide what stands before it. Line breaks and tabs stay.
  package static func printable(_ text: String) -> String {
    var letters = Letters()
    guard text.unicodeScalars.contains(where: { letters.next($0) != .shown && $0 != "\n" && $0 != "\t" }) else {
      return text
    }
    return spelt(text.unicodeScalars, keeping: ["\n", "\t"])
  }

  private static func spelt(_ scalars: some Sequence<Unicode.Scalar>, keeping kept: Set<Unicode.Scalar> = []) -> String
  {
    var text = ""
    var (letters, surplus) = (Letters(), 0)
    func told() -> String { surplus > 0 ? "(+\(surplus) \(surplus == 1 ? "mark" : "marks"))" : "" }
    for scalar in scalars {
      let kind = letters.next(scalar)
      if kind == .surplus {
        surplus += 1
        continue
      }
      text += told() + (kind == .hidden && !kept.contains(scalar) ? name(of: scalar) : String(scalar))
      surplus = 0
    }
    return text + told()
  }

  /// What becomes of the characters of a text, one after another.
  private struct Letters {
    enum Kind {
      case shown
      /// Has no sign of its own.
      case hidden
      /// A mark on a letter that has many already: they stack up over the lines above and below, whoever those belong to.
      case surplus
    }

    /// Pointed Hebrew and Tibetan have this many.
    static let markLimit = 4

    /// On the last letter.
    private var marks = 0

    mutating func next(_ scalar: Unicode.Scalar) -> Kind {
      // Nearly every character, without a table.
      let category = (0x20..<0x7F).contains(scalar.value) ? nil : scalar.properties.generalCategory
      switch category {
      case .nonspacingMark, .enclosingMark:
        marks += 1
        return marks > Self.markLimit ? .surplus : .shown
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
        marks = 0
        return .hidden
      default:
        marks = 0
        return .shown
      }
    }
  }

  private static func name(of scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}
