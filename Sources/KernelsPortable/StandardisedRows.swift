// Rows that are brought to mean 0 and deviation 1, as layer normalisation does. A row's sums have eight partial sums, element i in
// number i % 8, in double precision; the product of two numbers of single precision is exact there. Rows go four at a time: the
// additions of one row's sum wait for each other.

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
  var row = 0
  while row < rows {
    let (r1, r2, r3) = nextRows(row, rows)
    let moments = fourMoments(
      count, source + row &* count, source + r1 &* count, source + r2 &* count, source + r3 &* count, epsilon)
    let (x, y) = (source + row &* count, output + row &* count)
    standardiseRow(count, x, y, moments.a, scale, shift)
    if row &+ 1 < rows { standardiseRow(count, x + count, y + count, moments.b, scale, shift) }
    if row &+ 2 < rows { standardiseRow(count, x + 2 &* count, y + 2 &* count, moments.c, scale, shift) }
    if row &+ 3 < rows { standardiseRow(count, x + 3 &* count, y + 3 &* count, moments.d, scale, shift) }
    row &+= 4
  }
}

/// The three rows that go with one; past the end the last is repeated.
@inline(__always)
private func nextRows(_ row: Int, _ rows: Int) -> (Int, Int, Int) {
  let last = rows &- 1
  return (min(row &+ 1, last), min(row &+ 2, last), min(row &+ 3, last))
}

@inline(__always)
private func standardiseRow(
  _ count: Int, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ moments: Moments,
  _ scale: UnsafePointer<Float>?, _ shift: UnsafePointer<Float>?
) {
  let (mean, deviation) = moments
  let means = repeated(mean)
  // A number's difference from such a mean is 0 or no smaller than half a unit in the mean's last place, and it is no larger than
  // the deviation times the root of the count.
  let isOrdinary =
    mean.magnitude >= 0x1p-70 && deviation >= 0x1p-20 && deviation <= 0x1p20 && count <= 0x1_0000_0000
  // One loop for each way, see `finishPixels`.
  if isOrdinary {
    let divisor = divisor(deviation)
    if let scale, let shift {
      forEachVector(count, x, y) { quotient($0 - means, divisor) * load(scale + $1) + load(shift + $1) }
    } else if let scale {
      forEachVector(count, x, y) { quotient($0 - means, divisor) * load(scale + $1) }
    } else {
      forEachVector(count, x, y) { value, _ in quotient(value - means, divisor) }
    }
  } else {
    let deviations = repeated(deviation)
    if let scale, let shift {
      forEachVector(count, x, y) { ($0 - means) / deviations * load(scale + $1) + load(shift + $1) }
    } else if let scale {
      forEachVector(count, x, y) { ($0 - means) / deviations * load(scale + $1) }
    } else {
      forEachVector(count, x, y) { value, _ in (value - means) / deviations }
    }
  }
  let rest = count / width &* width..<count
  if let scale, let shift {
    for index in rest { y[index] = (x[index] - mean) / deviation * scale[index] + shift[index] }
  } else if let scale {
    for index in rest { y[index] = (x[index] - mean) / deviation * scale[index] }
  } else {
    for index in rest { y[index] = (x[index] - mean) / deviation }
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
  var row = 0
  while row < rows {
    let (r1, r2, r3) = nextRows(row, rows)
    let a = source + row &* count
    let (b, c, d) = (source + r1 &* count, source + r2 &* count, source + r3 &* count)
    var g = gradient
    if let scale {
      for scaled in row..<r3 &+ 1 { multiplyRow(count, gradient + scaled &* count, scale, output + scaled &* count) }
      g = UnsafePointer(output)
    }
    let moments = fourMoments(count, a, b, c, d, epsilon)
    let (p, q, r, s) = (g + row &* count, g + r1 &* count, g + r2 &* count, g + r3 &* count)
    let sums = fourSums(count, p, q, r, s)
    let products = fourProducts(
      count, p, q, r, s, a, b, c, d, moments.a.mean, moments.b.mean, moments.c.mean, moments.d.mean)
    let y = output + row &* count
    gradientRow(count, p, a, y, moments.a, sums.a, products.a)
    if row &+ 1 < rows { gradientRow(count, q, b, y + count, moments.b, sums.b, products.b) }
    if row &+ 2 < rows { gradientRow(count, r, c, y + 2 &* count, moments.c, sums.c, products.c) }
    if row &+ 3 < rows { gradientRow(count, s, d, y + 3 &* count, moments.d, sums.d, products.d) }
    row &+= 4
  }
}

@inline(never)
private func multiplyRow(
  _ count: Int, _ x: UnsafePointer<Float>, _ scale: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>
) {
  forEachVector(count, x, y) { $0 * load(scale + $1) }
  for index in count / width &* width..<count { y[index] = x[index] * scale[index] }
}

@inline(never)
private func gradientRow(
  _ count: Int, _ g: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
  _ moments: Moments, _ sum: Double, _ product: Double
) {
  let (mean, deviation) = moments
  let share = 1 / Double(count > 0 ? count : 1)
  let offset = Float(sum * share)
  let slope = Float(product * share / (Double(deviation) * Double(deviation)))
  let (means, deviations, offsets, slopes) = (repeated(mean), repeated(deviation), repeated(offset), repeated(slope))
  forEachVector(count, g, y) { ($0 - offsets - (load(x + $1) - means) * slopes) / deviations }
  for index in count / width &* width..<count {
    y[index] = (g[index] - offset - (x[index] - mean) * slope) / deviation
  }
}

/// Mean and square root of variance and epsilon of a row.
private typealias Moments = (mean: Float, deviation: Float)

/// Those of four rows.
@inline(__always)
private func fourMoments(
  _ count: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafePointer<Float>,
  _ d: UnsafePointer<Float>, _ epsilon: Float
) -> (a: Moments, b: Moments, c: Moments, d: Moments) {
  let share = 1 / Double(count > 0 ? count : 1)
  let sums = fourSums(count, a, b, c, d)
  let (u, v) = (Float(sums.a * share), Float(sums.b * share))
  let (w, z) = (Float(sums.c * share), Float(sums.d * share))
  let squares = fourSquares(count, a, b, c, d, u, v, w, z)
  return (
    (u, (Float(squares.a * share) + epsilon).squareRoot()), (v, (Float(squares.b * share) + epsilon).squareRoot()),
    (w, (Float(squares.c * share) + epsilon).squareRoot()), (z, (Float(squares.d * share) + epsilon).squareRoot())
  )
}

private typealias FourSums = (a: Double, b: Double, c: Double, d: Double)

/// The partial sums that four registers hold, in their order.
@inline(__always)
private func addLanes(_ p: Doubles, _ q: Doubles, _ r: Doubles, _ s: Doubles, _ sums: inout FourSums) {
  for lane in 0..<Doubles.scalarCount {
    sums.a += p[lane]
    sums.b += q[lane]
    sums.c += r[lane]
    sums.d += s[lane]
  }
}

/// The sums of four rows, each as eight partial sums, which are added in their order.
@inline(__always)
private func fourSums(
  _ count: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafePointer<Float>,
  _ d: UnsafePointer<Float>
) -> FourSums {
  let lanes = Doubles.scalarCount
  let whole = count / 8 &* 8
  var sums: FourSums = (0, 0, 0, 0)
  // As many of the partial sums as a register holds.
  var part = 0
  while part < 8 {
    var p = Doubles.zero, q = Doubles.zero, r = Doubles.zero, s = Doubles.zero
    var index = part
    while index < whole {
      p += doubles(loadSingles(a + index))
      q += doubles(loadSingles(b + index))
      r += doubles(loadSingles(c + index))
      s += doubles(loadSingles(d + index))
      index &+= 8
    }
    if whole < count {
      let rest = count &- whole &- part
      for lane in 0..<lanes where lane < rest {
        p[lane] += Double(a[whole &+ part &+ lane])
        q[lane] += Double(b[whole &+ part &+ lane])
        r[lane] += Double(c[whole &+ part &+ lane])
        s[lane] += Double(d[whole &+ part &+ lane])
      }
    }
    addLanes(p, q, r, s, &sums)
    part &+= lanes
  }
  return sums
}

/// Likewise those of the squared differences from the means u to z.
@inline(__always)
private func fourSquares(
  _ count: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafePointer<Float>,
  _ d: UnsafePointer<Float>, _ u: Float, _ v: Float, _ w: Float, _ z: Float
) -> FourSums {
  let lanes = Doubles.scalarCount
  let whole = count / 8 &* 8
  let (us, vs) = (Singles(repeating: u), Singles(repeating: v))
  let (ws, zs) = (Singles(repeating: w), Singles(repeating: z))
  var sums: FourSums = (0, 0, 0, 0)
  var part = 0
  while part < 8 {
    var p = Doubles.zero, q = Doubles.zero, r = Doubles.zero, s = Doubles.zero
    var index = part
    while index < whole {
      let e = doubles(loadSingles(a + index) - us)
      accumulate(e, e, &p)
      let f = doubles(loadSingles(b + index) - vs)
      accumulate(f, f, &q)
      let g = doubles(loadSingles(c + index) - ws)
      accumulate(g, g, &r)
      let h = doubles(loadSingles(d + index) - zs)
      accumulate(h, h, &s)
      index &+= 8
    }
    if whole < count {
      let rest = count &- whole &- part
      for lane in 0..<lanes where lane < rest {
        let place = whole &+ part &+ lane
        let (e, f) = (Double(a[place] - u), Double(b[place] - v))
        let (g, h) = (Double(c[place] - w), Double(d[place] - z))
        p[lane] += e * e
        q[lane] += f * f
        r[lane] += g * g
        s[lane] += h * h
      }
    }
    addLanes(p, q, r, s, &sums)
    part &+= lanes
  }
  return sums
}

/// Likewise those of products of the rows i to l and the differences of a to d from the means.
@inline(__always)
private func fourProducts(
  _ count: Int, _ i: UnsafePointer<Float>, _ j: UnsafePointer<Float>, _ k: UnsafePointer<Float>,
  _ l: UnsafePointer<Float>, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafePointer<Float>,
  _ d: UnsafePointer<Float>, _ u: Float, _ v: Float, _ w: Float, _ z: Float
) -> FourSums {
  let lanes = Doubles.scalarCount
  let whole = count / 8 &* 8
  let (us, vs) = (Singles(repeating: u), Singles(repeating: v))
  let (ws, zs) = (Singles(repeating: w), Singles(repeating: z))
  var sums: FourSums = (0, 0, 0, 0)
  var part = 0
  while part < 8 {
    var p = Doubles.zero, q = Doubles.zero, r = Doubles.zero, s = Doubles.zero
    var index = part
    while index < whole {
      accumulate(doubles(loadSingles(i + index)), doubles(loadSingles(a + index) - us), &p)
      accumulate(doubles(loadSingles(j + index)), doubles(loadSingles(b + index) - vs), &q)
      accumulate(doubles(loadSingles(k + index)), doubles(loadSingles(c + index) - ws), &r)
      accumulate(doubles(loadSingles(l + index)), doubles(loadSingles(d + index) - zs), &s)
      index &+= 8
    }
    if whole < count {
      let rest = count &- whole &- part
      for lane in 0..<lanes where lane < rest {
        let place = whole &+ part &+ lane
        p[lane] += Double(i[place]) * Double(a[place] - u)
        q[lane] += Double(j[place]) * Double(b[place] - v)
        r[lane] += Double(k[place]) * Double(c[place] - w)
        s[lane] += Double(l[place]) * Double(d[place] - z)
      }
    }
    addLanes(p, q, r, s, &sums)
    part &+= lanes
  }
  return sums
}

@inline(__always)
private func loadSingles(_ source: UnsafePointer<Float>) -> Singles {
  UnsafeRawPointer(source).loadUnaligned(as: Singles.self)
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
