import Text

/// Rows of numbers and names for a terminal, a spreadsheet, a web page or a paper.
///
/// Names are from strangers: each format has its own way to keep them from being more than names.
package struct Table: Sendable {
  package enum Format: String, Sendable, CaseIterable {
    case text, csv, markdown, latex
  }

  package struct Column: Sendable {
    /// Above the column; plain text of this program.
    package var name: String
    /// In spreadsheets, where a column of intervals becomes three: `key`, `keyLow`, `keyHigh`.
    package var key: String
    package var isInterval: Bool
    package var isNumeric: Bool

    package init(_ name: String, key: String, isNumeric: Bool = true, isInterval: Bool = false) {
      self.name = name
      self.key = key
      self.isNumeric = isNumeric || isInterval
      self.isInterval = isInterval
    }
  }

  package enum Cell: Sendable {
    case text(String)
    case integer(Int)
    case number(Double?, Digits)
    case estimate(Estimate?, Digits)
  }

  package enum Digits: Sendable {
    case fixed(Int)
    case significant(Int)

    func text(_ value: Double) -> String {
      switch self {
      case .fixed(let count): BenchCore.fixed(value, count)
      case .significant(let count): BenchCore.significant(value, digits: count)
      }
    }
  }

  /// Above the table.
  package var title: String
  package var columns: [Column]
  package var rows: [[Cell]]
  /// The key of a column of text whose equal cells follow each other. Where a page's width counts, in LaTeX, its words stand above their
  /// rows instead of in a column.
  package var groups: String?

  /// - Precondition: each row has a cell for each column.
  package init(title: String, columns: [Column], rows: [[Cell]], groups: String? = nil) {
    precondition(rows.allSatisfy { $0.count == columns.count }, "a cell for each column")
    self.title = title
    self.columns = columns
    self.rows = rows
    self.groups = groups
  }

  /// The columns of these keys alone, in their order.
  /// - Precondition: each is the key of a column.
  package func keeping(_ keys: [String]) -> Table {
    let places = keys.map { key in
      guard let place = columns.firstIndex(where: { $0.key == key }) else {
        preconditionFailure("no column is called \(key)")
      }
      return place
    }
    return Table(
      title: title, columns: places.map { columns[$0] }, rows: rows.map { row in places.map { row[$0] } },
      groups: groups)
  }

  /// With a final line feed.
  package static func text(_ tables: [Table], as format: Format) -> String {
    switch format {
    case .text: tables.map(TextTable.text).joined(separator: "\n")
    case .csv: CSVTable.text(tables)
    case .markdown: tables.map(MarkdownTable.text).joined(separator: "\n")
    case .latex: LaTeXTable.text(tables)
    }
  }
}

extension Table.Cell {
  /// For readers: `0.943 [0.931, 0.955]`, a dash where there is nothing.
  /// - Parameter name: how a name is kept a name.
  /// - Parameter number: how a number is written.
  func words(name: (String) -> String, number: (String) -> String = { $0 }) -> String {
    func shown(_ value: Double?, _ digits: Table.Digits) -> String {
      value.flatMap { $0.isFinite ? number(digits.text($0)) : nil } ?? "-"
    }
    switch self {
    case .text(let text): return name(text)
    case .integer(let value): return number("\(value)")
    case .number(let value, let digits): return shown(value, digits)
    case .estimate(let estimate, let digits):
      guard let value = estimate?.value, value.isFinite else { return "-" }
      return "\(shown(value, digits)) [\(shown(estimate?.low, digits)), \(shown(estimate?.high, digits))]"
    }
  }
}

/// Columns as wide as their widest cell.
enum TextTable {
  static func text(_ table: Table) -> String {
    let rows = table.rows.map { $0.map { $0.words(name: { PlainText.shown($0) }) } }
    let lines = ResultSummary.table([table.columns.map(\.name)] + rows)
    return ([table.title] + lines).joined(separator: "\n") + "\n"
  }
}
