/// The entry of a list that a mistyped name was probably meant to be.
package enum Nearest {
  /// Nothing that anybody types is longer; comparing takes the product of the lengths.
  private static let longest = 64

  /// - Returns: the candidate of smallest edit distance (insertions, deletions, substitutions, swaps of neighbours; case
  ///   ignored), the first of several; nil where even that one is more than a third of the longer text away, and more than 1.
  package static func match(_ name: String, in candidates: some Sequence<String>) -> String? {
    let name = Array(name.lowercased().unicodeScalars.prefix(longest + 1))
    guard name.count <= longest else { return nil }
    var best: (distance: Int, candidate: String)?
    for candidate in candidates {
      let scalars = Array(candidate.lowercased().unicodeScalars.prefix(longest + 1))
      let limit = min(max(1, max(name.count, scalars.count) / 3), (best?.distance ?? .max) - 1)
      guard scalars.count <= longest, abs(scalars.count - name.count) <= limit else { continue }
      let distance = distance(name, scalars)
      if distance <= limit { best = (distance, candidate) }
    }
    return best?.candidate
  }

  /// The one sentence about a name that there is not, such as "there is no task `clyphs`; did you mean `glyphs`? known are glyphs, mnist".
  /// - Parameters:
  ///   - complaint: what is said before the name.
  ///   - candidates: what there is.
  ///   - rest: what is said after it; by default, what is known.
  package static func unknown(
    _ complaint: String, _ name: String, among candidates: [String], rest: (() -> String)? = nil
  ) -> String {
    "\(complaint) `\(PlainText.shown(name))`\(match(name, in: candidates).map { question($0) } ?? ";") "
      + (rest?() ?? "known are \(candidates.joined(separator: ", "))")
  }

  /// To be said behind a name: "; did you mean `glyphs`?", or nothing.
  package static func question(about name: String, among candidates: some Sequence<String>) -> String {
    match(name, in: candidates).map { question($0) } ?? ""
  }

  private static func question(_ candidate: String) -> String { "; did you mean `\(PlainText.shown(candidate))`?" }

  /// Optimal string alignment, after Damerau.
  private static func distance(_ first: [Unicode.Scalar], _ second: [Unicode.Scalar]) -> Int {
    var rows = [Array(0...second.count)]
    for i in first.indices {
      var row = [i + 1]
      for j in second.indices {
        var cost = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (first[i] == second[j] ? 0 : 1))
        if i > 0, j > 0, first[i] == second[j - 1], first[i - 1] == second[j] {
          cost = min(cost, rows[i - 1][j - 1] + 1)
        }
        row.append(cost)
      }
      rows.append(row)
    }
    return rows[first.count][second.count]
  }
}
