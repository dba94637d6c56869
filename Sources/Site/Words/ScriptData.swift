/// Values as JSON inside a page: nothing in it can end the element that holds it, whatever the strings are.
struct ScriptData {
  private(set) var text = ""

  mutating func append(_ values: [Value]) {
    text += text.isEmpty ? "[" : ",\n["
    for (index, value) in values.enumerated() {
      if index > 0 { text += "," }
      switch value {
      case .text(let string): text += Self.quoted(string)
      case .number(let number): text += number.flatMap { $0.isFinite ? "\($0)" : nil } ?? "null"
      }
    }
    text += "]"
  }

  enum Value {
    case text(String)
    case number(Double?)
  }

  /// `<`, `>` and `&` by their code: the page's parser, which looks for the end of the element, sees none.
  static func quoted(_ string: String) -> String {
    var result = "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case "<", ">", "&", "\u{2028}", "\u{2029}", "\u{0}"..<"\u{20}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
