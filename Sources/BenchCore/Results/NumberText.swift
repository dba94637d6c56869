import Foundation
import Text

/// The number with a fixed number of decimals; "-0.00" is written "0.00".
package func fixed(_ value: Double, _ decimals: Int) -> String {
  let text = FixedDecimals.text(value, decimals)
  return text.hasPrefix("-") && !text.contains(where: { ("1"..."9").contains($0) }) ? String(text.dropFirst()) : text
}

/// The number with a fixed number of decimals, or a dash where it is undefined.
package func fixed(_ value: Double?, _ decimals: Int) -> String {
  value.map { fixed($0, decimals) } ?? "-"
}

/// The same with a dash also where it is infinite or no number.
package func fixed(finite value: Double?, _ decimals: Int) -> String {
  fixed(value.flatMap { $0.isFinite ? $0 : nil }, decimals)
}

/// `0.943 [0.931, 0.955]`.
package func withInterval(_ estimate: Estimate, _ decimals: Int) -> String {
  "\(fixed(estimate.value, decimals)) [\(fixed(estimate.low, decimals)), \(fixed(estimate.high, decimals))]"
}

/// The number with three significant digits, such as `0.0841`, `12.3`, `1.62e-08`; or a dash where it is undefined.
package func significant(_ value: Double?, digits: Int = 3, trimming: Bool = false) -> String {
  guard let value, value.isFinite else { return "-" }
  guard value != 0 else { return "0" }
  let exponent = Int(log10(abs(value)).rounded(.down))
  guard exponent >= -4 else { return String(format: "%.\(digits - 1)e", value) }
  var text = fixed(value, max(0, min(9, digits - 1 - exponent)))
  if trimming, text.contains(".") {
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
  }
  return text
}
