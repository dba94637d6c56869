/// Numbers.
extension JSONParser {
  /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`. A number written without fraction and exponent has to fit
  /// 64 bits, every other one a double.
  mutating func readNumber() throws(JSONError) -> JSONValue {
    let start = offset
    let isNegative = peek == UInt8(ascii: "-")
    if isNegative { offset += 1 }
    var decimal = Decimal()
    if peek == UInt8(ascii: "0") {
      offset += 1
      if isDigit(peek) { throw syntax("a number must not start with 0") }
    } else {
      _ = try readDigits(into: &decimal)
    }
    var isInteger = true
    if peek == UInt8(ascii: ".") {
      isInteger = false
      offset += 1
      decimal.exponent -= try readDigits(into: &decimal)
    }
    if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
      isInteger = false
      offset += 1
      let isBelow = peek == UInt8(ascii: "-")
      if isBelow || peek == UInt8(ascii: "+") { offset += 1 }
      var exponent = Decimal()
      _ = try readDigits(into: &exponent)
      // Beyond it the quick way is not taken, whatever the exponent.
      let magnitude = Int(min(exponent.significand, 1000))
      decimal.exponent += isBelow ? -magnitude : magnitude
    }
    guard !isInteger else {
      guard decimal.isWhole, decimal.significand <= UInt64(Int64.max) + (isNegative ? 1 : 0) else {
        throw outOfRange(start, expected: "a 64-bit integer; write it as a string")
      }
      return .integer(Int64(truncatingIfNeeded: isNegative ? 0 &- decimal.significand : decimal.significand))
    }
    if let magnitude = decimal.double { return .number(isNegative ? -magnitude : magnitude) }
    guard let number = Double(String(decoding: bytes[start..<offset], as: UTF8.self)), number.isFinite else {
      throw outOfRange(start, expected: "a 64-bit floating-point number")
    }
    return .number(number)
  }

  private func outOfRange(_ start: Int, expected: String) -> JSONError {
    .numberOutOfRange(
      source: source, path: path.description, number: String(decoding: bytes[start..<offset], as: UTF8.self),
      expected: expected)
  }

  /// - Returns: how many there were, at least one.
  private mutating func readDigits(into decimal: inout Decimal) throws(JSONError) -> Int {
    let start = offset
    while let byte = peek, isDigit(byte) {
      decimal.append(UInt64(byte - UInt8(ascii: "0")))
      offset += 1
    }
    guard offset > start else { throw unexpected("a digit") }
    return offset - start
  }

  func isDigit(_ byte: UInt8?) -> Bool {
    byte.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
  }

  /// `significand` times ten to the power of `exponent`.
  private struct Decimal {
    var significand: UInt64 = 0
    var exponent = 0
    /// Whether all digits are in `significand`.
    var isWhole = true

    mutating func append(_ digit: UInt64) {
      if significand < UInt64.max / 10 { significand = significand * 10 + digit } else { isWhole = false }
    }

    /// The nearest double, of two equally near ones the even; nil where it takes more than one division of integers.
    ///
    /// With `w` the significand and `d` the power of ten, let `a` and `b` be `w` and `d` shifted to the left until their highest bits are
    /// set. Then `a / b` is in (1/2, 2), and the quotient of `a * 2^64` by `b`, or of `a * 2^63` where `a >= b`, has exactly 64 bits. A
    /// double has 53 of them: whether the others are above, below or at the middle is known from them and from whether anything
    /// remains, which the lowest bit can stand for. The conversion of a 64-bit integer rounds by it, and the power of two is exact.
    var double: Double? {
      guard isWhole, (-Self.powers.count + 1...0).contains(exponent) else { return nil }
      guard significand != 0, exponent != 0 else { return Double(significand) }
      let power = Self.powers[-exponent]
      let (shift, powerShift) = (significand.leadingZeroBitCount, power.leadingZeroBitCount)
      let (a, b) = (significand << shift, power << powerShift)
      let isLarger = a >= b
      let (quotient, rest) = b.dividingFullWidth(isLarger ? (a >> 1, a << 63) : (a, 0))
      return Double(
        sign: .plus, exponent: powerShift - shift - (isLarger ? 63 : 64),
        significand: Double(rest == 0 ? quotient : quotient | 1))
    }

    /// Those that 64 bits hold.
    private static let powers = (0..<19).reduce(into: [UInt64(1)]) { powers, place in powers.append(powers[place] * 10)
    }
  }
}
