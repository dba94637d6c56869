/// Sixteen-bit floats to float32, exactly, without branches and without hardware support for them.
enum HalfPrecision {
  /// IEEE 754 binary16.
  ///
  /// Shifting exponent and fraction into float32's places leaves the exponent short by 127 - 15 = 112, for normal and
  /// subnormal numbers alike; multiplying by 2^112 corrects it exactly. Infinity and NaN (exponent 31) would become
  /// 2^16 and above, and get float32's largest exponent instead.
  @inline(__always)
  static func binary16(_ bits: UInt16) -> Float {
    let magnitude = UInt32(bits & 0x7fff) << 13
    let sign = UInt32(bits & 0x8000) << 16
    let scaled = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
    let special = magnitude | 0x7f80_0000
    return Float(bitPattern: (bits & 0x7c00 == 0x7c00 ? special : scaled) | sign)
  }

  /// bfloat16 is the upper half of a float32.
  @inline(__always)
  static func bfloat16(_ bits: UInt16) -> Float {
    Float(bitPattern: UInt32(bits) << 16)
  }
}
