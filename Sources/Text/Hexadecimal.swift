extension FixedWidthInteger where Self: UnsignedInteger {
  /// Lower-case hexadecimal digits, two for each byte: a byte is `0a`, a 32-bit number `0000000a`.
  package var hexadecimal: String {
    let digits = String(self, radix: 16)
    return String(repeating: "0", count: Self.bitWidth / 4 - digits.count) + digits
  }
}

extension Sequence<UInt8> {
  /// Two lower-case hexadecimal digits a byte, as digests are written.
  package var hexadecimal: String { map(\.hexadecimal).joined() }
}
