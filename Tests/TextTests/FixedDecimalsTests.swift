import Foundation
import Testing
import Text

@Suite struct FixedDecimalsTests {
  /// The digits of C's format to the last one, whichever way they are made.
  @Test func digitsAreThoseOfAFormat() {
    var generator = SystemRandomNumberGenerator()
    var values: [Double] = [
      0, 0.5, 1.5, 2.5, 0.125, 0.0005, 0.0015, 1.005, 999.9995, 0.99995, 1e9, 123456.7890625, .infinity, .nan,
      .leastNonzeroMagnitude,
    ]
    for _ in 0..<20_000 {
      values.append(Double.random(in: 0..<1, using: &generator))
      values.append((Double(Int.random(in: 0..<1_000_000, using: &generator)) + 0.5) / 1000)
      values.append(exp(Double.random(in: -20..<30, using: &generator)))
    }
    for value in values + values.map(-) {
      for decimals in [0, 1, 2, 3, 4, 6, 9] {
        let (text, expected) = (FixedDecimals.text(value, decimals), String(format: "%.\(decimals)f", value))
        if text != expected { Issue.record("\(value) with \(decimals) decimals is \(text), expected \(expected)") }
      }
    }
  }
}
