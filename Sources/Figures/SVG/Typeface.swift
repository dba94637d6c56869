/// The figure's letters: real text in a stack of sans-serif faces of equal widths.
enum Typeface {
  static let stack = "Helvetica, Arial, 'Liberation Sans', 'Nimbus Sans', sans-serif"

  /// Advance widths of U+0020...U+007E in thousandths of the font size (Adobe font metrics of Helvetica, to which Arial,
  /// Liberation Sans and Nimbus Sans are compatible), in rows of 16 code points.
  private static let widths: [Int] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
  ]

  /// How wide a line of text will be, in user units; characters beyond ASCII count as a digit.
  static func width(_ text: String, size: Double, isBold: Bool = false) -> Double {
    let thousandths = text.unicodeScalars.reduce(0) { sum, scalar in
      let index = Int(scalar.value) - 0x20
      return sum + (widths.indices.contains(index) ? widths[index] : 556)
    }
    return Double(thousandths) / 1000 * size * (isBold ? 1.06 : 1)
  }
}
