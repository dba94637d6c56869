/// Coordinates as text: at most two decimals, no exponent, no negative zero, independent of locale and machine.
package enum SVGNumber {
  package static func text(_ value: Double) -> String {
    precondition(value.isFinite && abs(value) < 1e9, "coordinate \(value) is not on any page")
    let hundredths = Int((value * 100).rounded())
    let (whole, fraction) = abs(hundredths).quotientAndRemainder(dividingBy: 100)
    guard fraction > 0 else { return String(hundredths / 100) }
    var text = (hundredths < 0 ? "-" : "") + String(whole)
    text += fraction < 10 ? ".0" : "."
    text += String(fraction % 10 == 0 ? fraction / 10 : fraction)
    return text
  }
}
