import Text

/// Comma-separated values (RFC 4180, but with line feeds), all digits of all numbers.
enum CSVTable {
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

  /// Quoted where the format asks for it. What a spreadsheet would take for a formula gets an apostrophe before it, which
  /// spreadsheets take as the sign of a text (OWASP, "CSV Injection").
  static func name(_ text: String) -> String {
    // A row is a line: readers that do not know quoted line breaks are many.
    var text = PlainText.printable(String(text.map { $0.isNewline ? " " : $0 }))
    if let first = text.first, "=+-@\t".contains(first) { text = "'" + text }
    guard text.contains(where: { ",\"\r\n".contains($0) }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}
