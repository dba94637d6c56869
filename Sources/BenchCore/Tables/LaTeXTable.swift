import Foundation
import Text

/// Tables in LaTeX, with the rules of the package `booktabs`, for every engine.
package enum LaTeXTable {
  static func text(_ tables: [Table]) -> String {
    "% \\usepackage{booktabs}\n" + tables.map(text).joined(separator: "\n")
  }

  private static func text(_ table: Table) -> String {
    let title = table.title
    let place = table.columns.count > 1 ? table.columns.firstIndex { $0.key == table.groups } : nil
    func shown<Element>(_ elements: [Element]) -> [Element] {
      elements.enumerated().filter { $0.offset != place }.map(\.element)
    }
    let columns = shown(table.columns)
    func line(_ cells: [String]) -> String { "  " + cells.joined(separator: " & ") + " \\\\" }
    var rows: [String] = []
    var group: String?
    for row in table.rows {
      let cells = shown(row).map(cell)
      guard let place else {
        rows.append(line(cells))
        continue
      }
      let heading = cell(row[place])
      if heading != group {
        if group != nil { rows.append("  \\addlinespace") }
        rows.append(line(["\\multicolumn{\(columns.count)}{l}{\(heading)}"]))
        group = heading
      }
      rows.append(line(["\\enspace " + (cells.first ?? "")] + cells.dropFirst()))
    }
    let alignments = columns.map { $0.isNumeric ? "r" : "l" }.joined()
    let begin = "\\begin{tabular}{\(place == nil ? alignments : "@{}\(alignments)@{}")}"
    let lines =
      [begin, "  \\toprule", line(columns.map { name($0.name) }), "  \\midrule"] + rows
      + ["  \\bottomrule", "\\end{tabular}"]
    // A table of groups fills a page, in the size that such tables usually have.
    let table = lines.joined(separator: "\n")
    // A comment ends with its line.
    return "% \(name(title, limit: .max))\n" + (place == nil ? table : "{\\footnotesize\n\(table)}") + "\n"
  }

  private static func cell(_ cell: Table.Cell) -> String {
    if case .estimate(let estimate?, let digits) = cell, let text = product(estimate, digits) { return text }
    return cell.words(name: { name($0) }, number: number)
  }

  /// A number and its interval with one power of ten for all three, a third as wide as three of them: nil where none needs one.
  private static func product(_ estimate: Estimate, _ digits: Table.Digits) -> String? {
    let numbers = [estimate.value, estimate.low, estimate.high].map { $0.flatMap { $0.isFinite ? $0 : nil } }
    guard numbers[0] != nil, let largest = numbers.compactMap({ $0 }).max(by: { abs($0) < abs($1) }) else { return nil }
    let parts = digits.text(largest).split(separator: "e", maxSplits: 1)
    guard parts.count == 2, let exponent = Int(parts[1]) else { return nil }
    let texts = numbers.map { number in
      guard let number else { return "-" }
      // As many places behind the point as the largest has.
      return
        "$\(fixed(number / pow(10, Double(exponent)), parts[0].split(separator: ".").dropFirst().first?.count ?? 0))$"
    }
    return "\(texts[0]) [\(texts[1]), \(texts[2])] $\\times 10^{\(exponent)}$"
  }

  /// `1.86e-08` as a product.
  static func number(_ text: String) -> String {
    let parts = text.split(separator: "e", maxSplits: 1)
    guard parts.count == 2, let exponent = Int(parts[1]) else { return "$\(text)$" }
    return "$\(parts[0]) \\times 10^{\(exponent)}$"
  }

  /// Letters with accents by their commands, a few signs by theirs; what no engine is sure to have a letter for by its code, so
  /// that nothing in a name can stop the compilation.
  /// - Parameter limit: characters, beyond which dots stand.
  package static func name(_ text: String, limit: Int = 80) -> String {
    // Two hyphens would become one dash.
    isPlain(text)
      ? text
      : PlainText.shown(text.precomposedStringWithCanonicalMapping, limit: limit).map(character).joined().replacing(
        "--", with: "-{}-")
  }

  /// Whether every character stands for itself, as in nearly every name.
  private static func isPlain(_ text: String) -> Bool {
    var previous: UInt8 = 0
    return text.utf8.count <= 80
      && text.utf8.allSatisfy { byte in
        defer { previous = byte }
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: " "), UInt8(ascii: ","), UInt8(ascii: "."),
          UInt8(ascii: ":"):
          return true
        default: return byte == UInt8(ascii: "-") && previous != byte
        }
      }
  }

  private static func character(_ character: Character) -> String {
    if let known = signs[character] { return known }
    if character.isASCII { return String(character) }
    let scalars = Array(String(character).decomposedStringWithCanonicalMapping.unicodeScalars)
    if scalars.count == 2, let base = scalars.first, base.isASCII, Character(base).isLetter,
      let accent = accents[scalars[1]]
    {
      // The dot of i and j makes place for the accent.
      let letter = base == "i" ? "\\i" : base == "j" ? "\\j" : String(base)
      return "\\\(accent){\(letter)}"
    }
    return scalars.map { "{[}U+\(String($0.value, radix: 16, uppercase: true))]" }.joined()
  }

  private static let signs: [Character: String] = [
    "\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", "$": "\\$", "&": "\\&", "#": "\\#", "%": "\\%", "_": "\\_",
    "^": "\\textasciicircum{}", "~": "\\textasciitilde{}", "<": "$<$", ">": "$>$", "|": "$|$", "\"": "''",
    // What ends a row takes these for its own arguments.
    "[": "{[}", "*": "{*}", "`": "`{}", "'": "'{}", "?": "?{}", "!": "!{}", "\n": " ", "\r": " ", "\t": " ",
    "\r\n": " ",
    "\u{DF}": "\\ss{}", "\u{E6}": "\\ae{}", "\u{C6}": "\\AE{}", "\u{F8}": "\\o{}", "\u{D8}": "\\O{}",
    "\u{153}": "\\oe{}", "\u{152}": "\\OE{}", "\u{142}": "\\l{}", "\u{141}": "\\L{}", "\u{131}": "\\i{}",
    "\u{A0}": "~", "\u{B1}": "$\\pm$", "\u{D7}": "$\\times$", "\u{B7}": "$\\cdot$", "\u{2013}": "\\textendash{}",
    "\u{2014}": "\\textemdash{}", "\u{2212}": "$-$", "\u{2026}": "\\ldots{}", "\u{2018}": "`", "\u{2019}": "'",
    "\u{201C}": "``",
    "\u{201D}": "''", "\u{3B1}": "$\\alpha$", "\u{3B2}": "$\\beta$", "\u{3B3}": "$\\gamma$",
    "\u{3B5}": "$\\varepsilon$",
    "\u{3BB}": "$\\lambda$", "\u{3BC}": "$\\mu$", "\u{3C3}": "$\\sigma$", "\u{2113}": "$\\ell$",
    "\u{221E}": "$\\infty$", "\u{2264}": "$\\leq$", "\u{2265}": "$\\geq$",
  ]

  private static let accents: [Unicode.Scalar: String] = [
    "\u{300}": "`", "\u{301}": "'", "\u{302}": "^", "\u{303}": "~", "\u{304}": "=", "\u{306}": "u", "\u{307}": ".",
    "\u{308}": "\"", "\u{30A}": "r", "\u{30B}": "H", "\u{30C}": "v", "\u{327}": "c",
  ]
}
