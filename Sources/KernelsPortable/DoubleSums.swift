/// `output[row][column] = sum over k of left[row][k] * right[k][column]`, each sum in double precision and in the order of k: a row has
/// the same bits alone or among others. A product of two numbers of single precision is exact in double, so that it does not matter
/// whether an instruction set has a fused multiply-add.
/// - Parameters:
///   - left: `[rows][inner]`.
///   - right: `[inner][columns]`.
///   - scratch: for `16 * inner` numbers.
///   - doubles: scratch as well, for `(rows + 3) / 4 * 4 * inner + 64`.
///   - output: `[rows][columns]`.
@inline(never)
public func doubleSums(
  rows: Int, inner: Int, columns: Int, left: UnsafePointer<Float>, right: UnsafePointer<Float>,
  scratch: UnsafeMutablePointer<Float>, doubles: UnsafeMutablePointer<Double>, output: UnsafeMutablePointer<Float>
) {
  // As many columns as two vectors hold. For more than four rows they are brought side by side: in the matrix each of their rows is a page
  // of its own. So are the last ones, filled up with zeros.
  let panel = 2 &* Doubles.scalarCount
  let lanes = doubles + (rows &+ 3) / 4 &* 4 &* inner
  // Four rows at a time; past the end the last is repeated.
  var row = 0
  while row < rows {
    let (r1, r2, r3) = (min(row &+ 1, rows &- 1), min(row &+ 2, rows &- 1), min(row &+ 3, rows &- 1))
    let four = doubles + row &* inner
    for k in 0..<inner {
      four[4 &* k] = Double(left[row &* inner &+ k])
      four[4 &* k &+ 1] = Double(left[r1 &* inner &+ k])
      four[4 &* k &+ 2] = Double(left[r2 &* inner &+ k])
      four[4 &* k &+ 3] = Double(left[r3 &* inner &+ k])
    }
    row &+= 4
  }
  var column = 0
  while column < columns {
    let count = min(panel, columns &- column)
    let isInPlace = rows <= 4 && count == panel
    for k in 0..<(isInPlace ? 0 : inner) {
      for lane in 0..<count { scratch[k &* panel &+ lane] = right[k &* columns &+ column &+ lane] }
      for lane in count..<panel { scratch[k &* panel &+ lane] = 0 }
    }
    let (first, step) = isInPlace ? (right + column, columns) : (UnsafePointer(scratch), panel)
    row = 0
    while row < rows {
      fourDoubleSums(inner, doubles + row &* inner, first, step, lanes)
      let target = output + (row &* columns &+ column)
      for index in 0..<min(4, rows &- row) { putRounded(lanes + index &* panel, count, target + index &* columns) }
      row &+= 4
    }
    column &+= panel
  }
}

@inline(__always)
private func fourDoubleSums(
  _ inner: Int, _ left: UnsafePointer<Double>, _ right: UnsafePointer<Float>, _ stride: Int,
  _ lanes: UnsafeMutablePointer<Double>
) {
  let width = Doubles.scalarCount
  var a0 = Doubles.zero, a1 = Doubles.zero, b0 = Doubles.zero, b1 = Doubles.zero
  var c0 = Doubles.zero, c1 = Doubles.zero, d0 = Doubles.zero, d1 = Doubles.zero
  for k in 0..<inner {
    let (u, v) = (loadDoubles(right + k &* stride), loadDoubles(right + k &* stride + width))
    let x = Doubles(repeating: left[4 &* k])
    accumulate(x, u, &a0)
    accumulate(x, v, &a1)
    let y = Doubles(repeating: left[4 &* k &+ 1])
    accumulate(y, u, &b0)
    accumulate(y, v, &b1)
    let z = Doubles(repeating: left[4 &* k &+ 2])
    accumulate(z, u, &c0)
    accumulate(z, v, &c1)
    let w = Doubles(repeating: left[4 &* k &+ 3])
    accumulate(w, u, &d0)
    accumulate(w, v, &d1)
  }
  put(a0, a1, lanes)
  put(b0, b1, lanes + 2 &* width)
  put(c0, c1, lanes + 4 &* width)
  put(d0, d1, lanes + 6 &* width)
}

@inline(__always)
private func put(_ first: Doubles, _ second: Doubles, _ target: UnsafeMutablePointer<Double>) {
  let raw = UnsafeMutableRawPointer(target)
  raw.storeBytes(of: first, as: Doubles.self)
  raw.storeBytes(of: second, toByteOffset: 8 &* Doubles.scalarCount, as: Doubles.self)
}

@inline(__always)
private func putRounded(_ source: UnsafePointer<Double>, _ count: Int, _ target: UnsafeMutablePointer<Float>) {
  for lane in 0..<count { target[lane] = Float(source[lane]) }
}
