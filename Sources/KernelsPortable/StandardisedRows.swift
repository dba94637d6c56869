// Rows that are brought to mean 0 and deviation 1, as layer normalisation does. A row's sums have eight partial sums, element i in
// number i % 8, in double precision.

/// `output = (source - mean) / deviation * scale + shift` of every row, with `deviation = sqrt(variance + epsilon)`.
///
/// - Parameters:
///   - count: of a row.
///   - scale: one number for each of a row, or none, like the shift.
@inline(never)
public func standardiseRows(
  rows: Int, count: Int, source: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, epsilon: Float,
  scale: UnsafePointer<Float>?, shift: UnsafePointer<Float>?
) {
  for row in 0..<rows {
    let (x, y) = (source + row &* count, output + row &* count)
    let (mean, deviation) = moments(count, x, epsilon)
    let (means, deviations) = (repeated(mean), repeated(deviation))
    // One loop for each way, see `finishPixels`.
    if let scale, let shift {
      forEachVector(count, x, y) { ($0 - means) / deviations * load(scale + $1) + load(shift + $1) }
      for index in count / width &* width..<count {
        y[index] = (x[index] - mean) / deviation * scale[index] + shift[index]
      }
    } else if let scale {
      forEachVector(count, x, y) { ($0 - means) / deviations * load(scale + $1) }
      for index in count / width &* width..<count { y[index] = (x[index] - mean) / deviation * scale[index] }
    } else {
      forEachVector(count, x, y) { value, _ in (value - means) / deviations }
      for index in count / width &* width..<count { y[index] = (x[index] - mean) / deviation }
    }
  }
}

/// The derivative of a scalar with respect to the rows that were standardised, from that with respect to the standardised ones,
/// `g = gradient * scale`: `(g - mean of g - y * mean of (g y)) / deviation` with the standardised row y.
///
/// - Parameters: as of `standardiseRows`.
@inline(never)
public func standardiseRowsGradient(
  rows: Int, count: Int, source: UnsafePointer<Float>, gradient: UnsafePointer<Float>, scale: UnsafePointer<Float>?,
  output: UnsafeMutablePointer<Float>, epsilon: Float
) {
  let share = 1 / Double(count > 0 ? count : 1)
  for row in 0..<rows {
    let (x, y) = (source + row &* count, output + row &* count)
    let (mean, deviation) = moments(count, x, epsilon)
    var g = gradient + row &* count
    if let scale {
      let incoming = g
      forEachVector(count, incoming, y) { $0 * load(scale + $1) }
      for index in count / width &* width..<count { y[index] = incoming[index] * scale[index] }
      g = UnsafePointer(y)
    }
    let total = sum8(count) { index in Double(g[index]) }
    let product = sum8(count) { index in Double(g[index]) * Double(x[index] - mean) }
    let offset = Float(total * share)
    let slope = Float(product * share / (Double(deviation) * Double(deviation)))
    let (means, deviations, offsets, slopes) = (repeated(mean), repeated(deviation), repeated(offset), repeated(slope))
    forEachVector(count, g, y) { ($0 - offsets - (load(x + $1) - means) * slopes) / deviations }
    for index in count / width &* width..<count {
      y[index] = (g[index] - offset - (x[index] - mean) * slope) / deviation
    }
  }
}

/// Mean and square root of variance and epsilon of a row.
@inline(__always)
private func moments(_ count: Int, _ x: UnsafePointer<Float>, _ epsilon: Float) -> (mean: Float, deviation: Float) {
  let share = 1 / Double(count > 0 ? count : 1)
  let mean = Float(sum8(count) { index in Double(x[index]) } * share)
  let squares = sum8(count) { index in
    let deviation = x[index] - mean
    return Double(deviation) * Double(deviation)
  }
  return (mean, (Float(squares * share) + epsilon).squareRoot())
}

/// A sum of terms as eight partial sums, which are added in their order.
@inline(__always)
private func sum8(_ count: Int, _ term: (_ index: Int) -> Double) -> Double {
  var sums: (Double, Double, Double, Double, Double, Double, Double, Double) = (0, 0, 0, 0, 0, 0, 0, 0)
  var start = 0
  while start &+ 8 <= count {
    sums.0 += term(start)
    sums.1 += term(start &+ 1)
    sums.2 += term(start &+ 2)
    sums.3 += term(start &+ 3)
    sums.4 += term(start &+ 4)
    sums.5 += term(start &+ 5)
    sums.6 += term(start &+ 6)
    sums.7 += term(start &+ 7)
    start &+= 8
  }
  if start < count { sums.0 += term(start) }
  if start &+ 1 < count { sums.1 += term(start &+ 1) }
  if start &+ 2 < count { sums.2 += term(start &+ 2) }
  if start &+ 3 < count { sums.3 += term(start &+ 3) }
  if start &+ 4 < count { sums.4 += term(start &+ 4) }
  if start &+ 5 < count { sums.5 += term(start &+ 5) }
  if start &+ 6 < count { sums.6 += term(start &+ 6) }
  return sums.0 + sums.1 + sums.2 + sums.3 + sums.4 + sums.5 + sums.6 + sums.7
}

@inline(__always)
private func forEachVector(
  _ count: Int, _ source: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
  _ body: (_ value: Vector, _ index: Int) -> Vector
) {
  var index = 0
  while index &+ width <= count {
    store(body(load(source + index), index), output + index)
    index &+= width
  }
}
