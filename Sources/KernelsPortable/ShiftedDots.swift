/// `output[k][t] += sum over images and positions p of gradient[k][p] * source[offsets[t] + p]`: the weight gradient of a
/// convolution whose padded channels lie flat in memory.
///
/// Sums run over positions in lanes, then over images, then over lanes: in an order that the arguments fix.
/// - Parameters:
///   - gradient: for each image `rows` rows, `pitch` apart, zero where a position is not an output's.
///   - positions: a multiple of 16; rows and `source + offset` must be readable that far.
///   - lanes: scratch memory for 192 numbers.
///   - output: `[rows][terms]`.
@inline(never)
public func shiftedDots(
  rows: Int, terms: Int, offsets: UnsafePointer<Int32>, images: Int, gradient: UnsafePointer<Float>, pitch: Int,
  gradientStride: Int, source: UnsafePointer<Float>, sourceStride: Int, positions: Int,
  lanes: UnsafeMutablePointer<Float>, addingTo output: UnsafeMutablePointer<Float>
) {
  // As many rows as stay in the cache, with all terms; in blocks of three terms and four rows. Past the end of either the last
  // is repeated.
  var firstRow = 0
  while firstRow < rows {
    let lastRow = min(rows, firstRow &+ 32)
    var term = 0
    while term < terms {
      let (t1, t2) = (min(term &+ 1, terms &- 1), min(term &+ 2, terms &- 1))
      let x0 = source + Int(offsets[term])
      let x1 = source + Int(offsets[t1])
      let x2 = source + Int(offsets[t2])
      var row = firstRow
      while row < lastRow {
        let (r1, r2, r3) = (min(row &+ 1, rows &- 1), min(row &+ 2, rows &- 1), min(row &+ 3, rows &- 1))
        dotBlock(
          images, gradientStride, gradient + row &* pitch, gradient + r1 &* pitch, gradient + r2 &* pitch,
          gradient + r3 &* pitch, sourceStride, x0, x1, x2, positions, lanes)
        let count = min(4, rows &- row)
        addTotals(lanes, count, output + row &* terms + term, terms)
        if t1 > term { addTotals(lanes + 4 &* width, count, output + row &* terms + t1, terms) }
        if t2 > t1 { addTotals(lanes + 8 &* width, count, output + row &* terms + t2, terms) }
        row &+= 4
      }
      term &+= 3
    }
    firstRow = lastRow
  }
}

@inline(__always)
private func dotBlock(
  _ images: Int, _ gradientStride: Int, _ g0: UnsafePointer<Float>, _ g1: UnsafePointer<Float>,
  _ g2: UnsafePointer<Float>, _ g3: UnsafePointer<Float>, _ sourceStride: Int, _ x0: UnsafePointer<Float>,
  _ x1: UnsafePointer<Float>, _ x2: UnsafePointer<Float>, _ positions: Int, _ lanes: UnsafeMutablePointer<Float>
) {
  var s00 = Vector.zero, s01 = Vector.zero, s02 = Vector.zero
  var s10 = Vector.zero, s11 = Vector.zero, s12 = Vector.zero
  var s20 = Vector.zero, s21 = Vector.zero, s22 = Vector.zero
  var s30 = Vector.zero, s31 = Vector.zero, s32 = Vector.zero
  for image in 0..<images {
    var g = image &* gradientStride
    var x = image &* sourceStride
    let end = g &+ positions
    while g < end {
      let (u, v, w) = (load(x0 + x), load(x1 + x), load(x2 + x))
      let a = load(g0 + g)
      accumulate(a, u, &s00)
      accumulate(a, v, &s01)
      accumulate(a, w, &s02)
      let b = load(g1 + g)
      accumulate(b, u, &s10)
      accumulate(b, v, &s11)
      accumulate(b, w, &s12)
      let c = load(g2 + g)
      accumulate(c, u, &s20)
      accumulate(c, v, &s21)
      accumulate(c, w, &s22)
      let d = load(g3 + g)
      accumulate(d, u, &s30)
      accumulate(d, v, &s31)
      accumulate(d, w, &s32)
      g &+= width
      x &+= width
    }
  }
  store(s00, lanes)
  store(s10, lanes + width)
  store(s20, lanes + 2 &* width)
  store(s30, lanes + 3 &* width)
  store(s01, lanes + 4 &* width)
  store(s11, lanes + 5 &* width)
  store(s21, lanes + 6 &* width)
  store(s31, lanes + 7 &* width)
  store(s02, lanes + 8 &* width)
  store(s12, lanes + 9 &* width)
  store(s22, lanes + 10 &* width)
  store(s32, lanes + 11 &* width)
}

/// Adds the lanes of each of `count` vectors to a place; places are `pitch` apart. Through memory, in vectors of four: from
/// registers the compiler takes the lanes one by one.
@inline(never)
private func addTotals(
  _ lanes: UnsafePointer<Float>, _ count: Int, _ output: UnsafeMutablePointer<Float>, _ pitch: Int
) {
  for row in 0..<count {
    let raw = UnsafeRawPointer(lanes + row &* width)
    var sum = raw.loadUnaligned(as: SIMD4<Float>.self)
    var next = 16
    while next < 4 &* width {
      sum += raw.loadUnaligned(fromByteOffset: next, as: SIMD4<Float>.self)
      next &+= 16
    }
    output[row &* pitch] += (sum.x + sum.z) + (sum.y + sum.w)
  }
}
