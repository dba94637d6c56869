import BenchCore
import Foundation
import Text

/// Text from submissions on the way to a page.
///
/// Markup is not escaped here but by the templates (`Template`). What is done here no escaping can do: characters that are not shown
/// as themselves are spelt out, line breaks included, and nothing is longer than a page can bear.
enum OutsideText {
  /// In a table, a caption or a title.
  static func name(_ text: String) -> String { shortened(text, to: 80) }

  /// Above a page: some lines of large letters.
  static func heading(_ text: String) -> String { shortened(text, to: 200) }

  /// Where there is a page for it.
  static func whole(_ text: String) -> String { shortened(text, to: 4000) }

  /// Beside words of our own in one text: letters that are written from right to left would take neighbouring numbers along, so they are
  /// isolated, as `bdi` does where there can be markup.
  static func within(_ shown: String) -> String {
    shown.utf8.allSatisfy { $0 < 0x80 } ? shown : "\u{2068}\(shown)\u{2069}"
  }

  private static func shortened(_ text: String, to limit: Int) -> String {
    // What only has blanks cannot be seen, nor pressed where it is a link.
    if !text.isEmpty, text.allSatisfy(\.isWhitespace) { return "(blank)" }
    // Nearly every text.
    if text.utf8.count <= limit, text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
    let scalars = text.unicodeScalars
    // Counted up to the limit only: a name may have megabytes.
    guard let end = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex),
      end < scalars.endIndex
    else { return oneLine(text) }
    return oneLine(String(scalars[..<end])) + "\u{2026}"
  }

  private static func oneLine(_ text: String) -> String {
    let printable = PlainText.printable(text)
    guard printable.utf8.contains(where: { $0 == 0x0A || $0 == 0x09 }) else { return printable }
    return printable.replacing("\n", with: "U+000A").replacing("\t", with: "U+0009")
  }

  /// The address, where a page may link to it: absolute, `https` or `http`, with a host, of visible ASCII alone.
  static func link(_ text: String?) -> String? {
    guard let text, text.utf8.count <= 2000, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
      text.hasPrefix("https://") || text.hasPrefix("http://"), let components = URLComponents(string: text),
      ["https", "http"].contains(components.scheme), let host = components.host, !host.isEmpty, components.user == nil
    else { return nil }
    return text
  }
}
