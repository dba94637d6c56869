import Figures

/// Coordinates of drawings that are there a thousand times: one decimal is a hundredth of a millimetre on a telephone.
enum DrawnNumber {
  static func text(_ value: Double) -> String {
    var text = ""
    append(value, to: &text)
    return text
  }

  /// As `SVGNumber` writes numbers of one decimal.
  static func append(_ value: Double, to text: inout String) {
    precondition(value.isFinite && abs(value) < 1e9, "coordinate \(value) is not on any page")
    let tenths = Int((value * 10).rounded())
    let (whole, fraction) = abs(tenths).quotientAndRemainder(dividingBy: 10)
    if tenths < 0 { text += "-" }
    text += String(whole)
    if fraction > 0 { text += digits[fraction] }
  }

  private static let digits = (0...9).map { ".\($0)" }
}
