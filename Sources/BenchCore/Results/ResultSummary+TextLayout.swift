import Text

/// Plain text for terminals of `ResultSummary.width` columns.
extension ResultSummary {
  /// Names in one column, values in the next; long values are wrapped.
  package static func fields(_ rows: [(name: String, value: String)]) -> [String] {
    let indent = 12
    return rows.flatMap { name, value in
      wrapped(value, indent: name.padded(toColumns: indent, gap: 1), hanging: String(repeating: " ", count: indent))
    }
  }

  /// Columns as wide as their widest cell, two spaces apart.
  package static func table(_ rows: [[String]]) -> [String] {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { $0.indices.contains(column) ? $0[column].displayWidth : 0 }.max() ?? 0
    }
    return rows.map { row in
      var line = " "
      for (cell, width) in zip(row, widths) {
        line += " " + cell.padded(toColumns: width) + " "
      }
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }
  }

  /// Words on lines of at most `width` columns; a longer word has its own line.
  package static func wrapped(_ text: String, indent: String, hanging: String) -> [String] {
    var lines: [String] = []
    var line = indent
    var isEmpty = true
    for word in text.split(separator: " ") {
      if !isEmpty, line.displayWidth + 1 + String(word).displayWidth > width {
        lines.append(line)
        (line, isEmpty) = (hanging, true)
      }
      line += (isEmpty ? "" : " ") + word
      isEmpty = false
    }
    return lines + [line]
  }

  /// `22,010`.
  package static func grouped(_ value: Int) -> String {
    var digits = String(value.magnitude)
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return (value < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
  }
}
