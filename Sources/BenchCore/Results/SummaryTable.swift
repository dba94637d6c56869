/// One table of a result's summary, in words: a terminal has it in columns, a web page as a table.
package struct SummaryTable: Sendable, Equatable {
  package let title: String
  /// Nil where the first cell of each row says what it is.
  package let header: [String]?
  package let rows: [[String]]
  /// What has to be known to read the numbers, in sentences.
  package let remarks: [String]

  init(title: String, header: [String]? = nil, rows: [[String]], remarks: [String] = []) {
    (self.title, self.header, self.rows, self.remarks) = (title, header, rows, remarks)
  }
}
