/// `sums[t] += sum over rows y and columns x of gradient[y][x] * source[y * rowStep + x * columnStep + offsets[t]]`, of 16 channels
/// that lie side by side: the weight gradient of a depthwise convolution. Sums run over the positions in their order.
///
/// - Parameters:
///   - offsets: one number for each term, the taps of the window.
///   - gradient: `[rows][columns][16]`.
///   - sums: `[terms][16]`.
@inline(never)
public func depthwiseDots(
  rows: Int, columns: Int, terms: Int, offsets: UnsafePointer<Int>, source: UnsafePointer<Float>, rowStep: Int,
  columnStep: Int, gradient: UnsafePointer<Float>, sums: UnsafeMutablePointer<Float>
) {
  // Nine at a time, so that a pixel's gradient is loaded once for a window of 3x3; past the end the last is repeated.
  var term = 0
  while term < terms {
    let last = terms &- 1
    let (o0, o1, o2) = (offsets[term], offsets[min(term &+ 1, last)], offsets[min(term &+ 2, last)])
    let (o3, o4, o5) =
      (offsets[min(term &+ 3, last)], offsets[min(term &+ 4, last)], offsets[min(term &+ 5, last)])
    let (o6, o7, o8) =
      (offsets[min(term &+ 6, last)], offsets[min(term &+ 7, last)], offsets[min(term &+ 8, last)])
    var lane = 0
    while lane < 16 {
      var s0 = Vector.zero, s1 = Vector.zero, s2 = Vector.zero, s3 = Vector.zero, s4 = Vector.zero
      var s5 = Vector.zero, s6 = Vector.zero, s7 = Vector.zero, s8 = Vector.zero
      var g = gradient + lane
      for row in 0..<rows {
        var x = source + row &* rowStep + lane
        for _ in 0..<columns {
          let value = load(g)
          accumulate(value, load(x + o0), &s0)
          accumulate(value, load(x + o1), &s1)
          accumulate(value, load(x + o2), &s2)
          accumulate(value, load(x + o3), &s3)
          accumulate(value, load(x + o4), &s4)
          accumulate(value, load(x + o5), &s5)
          accumulate(value, load(x + o6), &s6)
          accumulate(value, load(x + o7), &s7)
          accumulate(value, load(x + o8), &s8)
          g += 16
          x += columnStep
        }
      }
      let target = sums + (16 &* term &+ lane)
      let count = terms &- term
      put(s0, target, true)
      if count > 1 { put(s1, target + 16, true) }
      if count > 2 { put(s2, target + 32, true) }
      if count > 3 { put(s3, target + 48, true) }
      if count > 4 { put(s4, target + 64, true) }
      if count > 5 { put(s5, target + 80, true) }
      if count > 6 { put(s6, target + 96, true) }
      if count > 7 { put(s7, target + 112, true) }
      if count > 8 { put(s8, target + 128, true) }
      lane &+= width
    }
    term &+= 9
  }
}
