/// Dense product of short sums. Every output is accumulated in the order of the inner axis, whatever the number of rows: row i
/// has the same bits alone or among thousands.
///
/// It is accumulated in double precision: these sums are the ones over classes, where terms cancel: the gradient of the
/// sum of all logits can be a thousandth of each logit's own, and in single precision it keeps three digits.
enum RowProduct {
  /// Longer ones are `PanelProduct`'s.
  static let longestDoubleSum = 128

  /// `c[rows, columns] = a[rows, inner] b[inner, columns]`, all dense row-major.
  static func multiply(
    rows: Int, inner: Int, columns: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    into c: UnsafeMutablePointer<Float>
  ) {
    for row in 0..<rows { doubleSums(inner, a + row * inner, b, columns, into: c + row * columns) }
  }

  /// One row; every product is exact in double precision.
  @inline(never)
  private static func doubleSums(
    _ inner: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ columns: Int,
    into c: UnsafeMutablePointer<Float>
  ) {
    var column = 0
    while column + 8 <= columns {
      var sum = SIMD8<Double>.zero
      for k in 0..<inner {
        let row = UnsafeRawPointer(b + k * columns + column).loadUnaligned(as: SIMD8<Float>.self)
        sum += Double(a[k]) * SIMD8<Double>(row)
      }
      UnsafeMutableRawPointer(c + column).storeBytes(of: SIMD8<Float>(sum), as: SIMD8<Float>.self)
      column += 8
    }
    while column < columns {
      var sum = 0.0
      for k in 0..<inner { sum += Double(a[k]) * Double(b[k * columns + column]) }
      c[column] = Float(sum)
      column += 1
    }
  }
}
