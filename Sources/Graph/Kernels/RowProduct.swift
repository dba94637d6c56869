/// Dense product whose every output is accumulated in the order of the inner axis, whatever the number of rows: row i
/// has the same bits alone or among thousands.
///
/// Short sums are accumulated in double precision. They are the ones over classes, where terms cancel: the gradient of the
/// sum of all logits can be a thousandth of each logit's own, and in single precision it keeps three digits.
enum RowProduct {
  private static let longestDoubleSum = 128

  /// Rows that are computed together.
  static let group = 4

  /// `c[rows, columns] = a[rows, inner] b[inner, columns]`, all dense row-major.
  static func multiply(
    rows: Int, inner: Int, columns: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    into c: UnsafeMutablePointer<Float>
  ) {
    if inner <= longestDoubleSum {
      for row in 0..<rows { doubleSums(inner, a + row * inner, b, columns, into: c + row * columns) }
      return
    }
    // Panels of 16 columns, four rows at a time: the panel of b is read once for four rows.
    var column = 0
    while column + 16 <= columns {
      var row = 0
      while row + group <= rows {
        panel4(inner, a + row * inner, b + column, columns, c + row * columns + column)
        row += group
      }
      while row < rows {
        panel1(inner, a + row * inner, b + column, columns, c + row * columns + column)
        row += 1
      }
      column += 16
    }
    while column < columns {
      for row in 0..<rows {
        var sum: Float = 0
        let left = a + row * inner
        for k in 0..<inner { sum += left[k] * b[k * columns + column] }
        c[row * columns + column] = sum
      }
      column += 1
    }
  }

  @inline(__always)
  private static func load(_ pointer: UnsafePointer<Float>) -> SIMD16<Float> {
    UnsafeRawPointer(pointer).loadUnaligned(as: SIMD16<Float>.self)
  }

  @inline(__always)
  private static func store(_ value: SIMD16<Float>, _ pointer: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(pointer).storeBytes(of: value, as: SIMD16<Float>.self)
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

  @inline(never)
  private static func panel4(
    _ inner: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ columns: Int, _ c: UnsafeMutablePointer<Float>
  ) {
    var sum0 = SIMD16<Float>.zero
    var sum1 = SIMD16<Float>.zero
    var sum2 = SIMD16<Float>.zero
    var sum3 = SIMD16<Float>.zero
    for k in 0..<inner {
      let row = load(b + k * columns)
      sum0 += a[k] * row
      sum1 += a[inner + k] * row
      sum2 += a[2 * inner + k] * row
      sum3 += a[3 * inner + k] * row
    }
    store(sum0, c)
    store(sum1, c + columns)
    store(sum2, c + 2 * columns)
    store(sum3, c + 3 * columns)
  }

  @inline(never)
  private static func panel1(
    _ inner: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ columns: Int, _ c: UnsafeMutablePointer<Float>
  ) {
    var sum = SIMD16<Float>.zero
    for k in 0..<inner { sum += a[k] * load(b + k * columns) }
    store(sum, c)
  }
}
