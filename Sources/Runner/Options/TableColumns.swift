import ArgumentParser
import BenchCore
import Foundation
import Text

/// `--columns` of commands that print tables: which columns, in which order, by their names in CSV.
enum TableColumns {
  /// - Parameter text: `name,regime,accuracy`; nil for all.
  /// - Throws: `ValidationError` for a column that there is not, and one that is named twice.
  static func choose(_ text: String?, of table: Table) throws -> Table {
    try keys(text, among: table.columns).map(table.keeping) ?? table
  }

  /// - Returns: nil for all.
  /// - Throws: as `choose`.
  static func keys(_ text: String?, among columns: [Table.Column]) throws -> [String]? {
    guard let text else { return nil }
    let known = columns.map(\.key)
    let keys = text.split(separator: ",", omittingEmptySubsequences: false).map {
      String($0).trimmingCharacters(in: .whitespaces)
    }
    for (place, key) in keys.enumerated() {
      guard known.contains(key) else {
        throw ValidationError(
          Nearest.unknown("--columns: the table has no column", key, among: known) {
            "it has \(known.joined(separator: ", "))"
          })
      }
      guard !keys[..<place].contains(key) else {
        throw ValidationError("--columns: \(key) is there twice; name each column once")
      }
    }
    return keys
  }
}
