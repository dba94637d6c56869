import Text

/// Comma-separated values (RFC 4180, but with line feeds), all digits of all numbers.
package enum CSVTable {
  /// Tables of the same columns under one header.
  static func text(_ tables: [Table]) -> String {
    guard let first = tables.first else { return "" }
    let header = first.columns.flatMap { $0.isInterval ? [$0.key, "\($0.key)Low", "\($0.key)High"] : [$0.key] }
    let rows = tables.flatMap { table in table.rows.map { zip(table.columns, $0).flatMap(fields) } }
    return ([header] + rows).map { $0.joined(separator: ",") + "\n" }.joined()
  }

  private static func fields(_ column: Table.Column, _ cell: Table.Cell) -> [String] {
    switch cell {
    case .text(let text): [name(text)]
    case .integer(let value): ["\(value)"]
    case .number(let value, _): [number(value)]
    case .estimate(let estimate, _): [number(estimate?.value), number(estimate?.low), number(estimate?.high)]
    }
  }

  private static func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }

  /// What a spreadsheet would take for a formula gets an apostrophe before it, which spreadsheets take as the sign of a text (OWASP,
  /// "CSV Injection"): some drop blanks before a sign, and Japanese ones know wide signs too.
  static func name(_ text: String) -> String {
    // A row is a line: readers that do not know quoted line breaks are many.
    let text = PlainText.printable(String(text.map { $0.isNewline ? " " : $0 }))
    let first = text.unicodeScalars.first { !$0.properties.isWhitespace }
    let isFormula = text.unicodeScalars.first == "\t" || first.map(formulaSigns.contains) == true
    return quoted(isFormula ? "'" + text : text)
  }

  /// Quoted where the format asks for it, or where a spreadsheet might end the cell: many take semicolons or tabs for separators.
  package static func quoted(_ field: String) -> String {
    guard field.unicodeScalars.contains(where: separators.contains) else { return field }
    return "\"" + field.writing(["\"": "\"\""]) + "\""
  }

  private static let formulaSigns: Set<Unicode.Scalar> = [
    "=", "+", "-", "@", "\u{FF1D}", "\u{FF0B}", "\u{FF0D}", "\u{FF20}",
  ]
  private static let separators: Set<Unicode.Scalar> = [",", ";", "\t", "\"", "\r", "\n"]
}
