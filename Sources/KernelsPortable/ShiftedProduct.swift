/// `output[k][p] = sum over terms t of weights[t][k] * source[offsets[t] + p]`: a convolution over one image whose padded
/// channels lie flat in memory, every term being one tap of one channel. Each output is summed in the order of the terms,
/// as a sum of partial sums (`longestSum`).
///
/// - Parameters:
///   - panels: groups of four outputs.
///   - weights: `[panels][terms][4]`.
///   - positions: a multiple of 16; `source + offset` must be readable that far.
///   - output: `[4 * panels]` rows, `pitch` apart.
@inline(never)
public func shiftedProduct(
  panels: Int, terms: Int, weights: UnsafePointer<Float>, offsets: UnsafePointer<Int32>, source: UnsafePointer<Float>,
  positions: Int, output: UnsafeMutablePointer<Float>, pitch: Int
) {
  var position = 0
  while position < positions {
    let isPair = position &+ 2 &* width <= positions
    var panel = 0
    while panel < panels {
      let filters = weights + panel &* terms &* 4
      let target = output + panel &* 4 &* pitch + position
      let isDouble = hasManyRegisters && isPair && panel &+ 1 < panels
      var first = 0
      repeat {
        let (part, taps, adds) = (filters + first &* 4, offsets + first, first > 0)
        let count = min(longestSum, terms &- first)
        if isDouble {
          shiftedBlock4(count, part, part + terms &* 4, taps, source + position, target, pitch, adds)
        } else if isPair {
          shiftedBlock2(count, part, taps, source + position, target, pitch, adds)
        } else {
          shiftedBlock1(count, part, taps, source + position, target, pitch, adds)
        }
        first &+= count
      } while first < terms
      panel &+= isDouble ? 2 : 1
    }
    position &+= isPair ? 2 &* width : width
  }
}

/// Four outputs at two vectors of positions.
@inline(__always)
private func shiftedBlock2(
  _ terms: Int, _ weights: UnsafePointer<Float>, _ offsets: UnsafePointer<Int32>, _ source: UnsafePointer<Float>,
  _ output: UnsafeMutablePointer<Float>, _ pitch: Int, _ adds: Bool
) {
  var a0 = Vector.zero, a1 = Vector.zero, b0 = Vector.zero, b1 = Vector.zero
  var c0 = Vector.zero, c1 = Vector.zero, d0 = Vector.zero, d1 = Vector.zero
  var filter = weights
  for term in 0..<terms {
    let tap = source + Int(offsets[term])
    let (x0, x1) = (load(tap), load(tap + width))
    let (a, b, c, d) = (repeated(filter[0]), repeated(filter[1]), repeated(filter[2]), repeated(filter[3]))
    accumulate(a, x0, &a0)
    accumulate(a, x1, &a1)
    accumulate(b, x0, &b0)
    accumulate(b, x1, &b1)
    accumulate(c, x0, &c0)
    accumulate(c, x1, &c1)
    accumulate(d, x0, &d0)
    accumulate(d, x1, &d1)
    filter += 4
  }
  var row = output
  put(a0, row, adds)
  put(a1, row + width, adds)
  row += pitch
  put(b0, row, adds)
  put(b1, row + width, adds)
  row += pitch
  put(c0, row, adds)
  put(c1, row + width, adds)
  row += pitch
  put(d0, row, adds)
  put(d1, row + width, adds)
}

/// Four outputs at one vector of positions.
@inline(__always)
private func shiftedBlock1(
  _ terms: Int, _ weights: UnsafePointer<Float>, _ offsets: UnsafePointer<Int32>, _ source: UnsafePointer<Float>,
  _ output: UnsafeMutablePointer<Float>, _ pitch: Int, _ adds: Bool
) {
  var a = Vector.zero, b = Vector.zero, c = Vector.zero, d = Vector.zero
  var filter = weights
  for term in 0..<terms {
    let x = load(source + Int(offsets[term]))
    accumulate(repeated(filter[0]), x, &a)
    accumulate(repeated(filter[1]), x, &b)
    accumulate(repeated(filter[2]), x, &c)
    accumulate(repeated(filter[3]), x, &d)
    filter += 4
  }
  put(a, output, adds)
  put(b, output + pitch, adds)
  put(c, output + 2 &* pitch, adds)
  put(d, output + 3 &* pitch, adds)
}

/// Eight outputs, of two panels, at two vectors of positions.
@inline(__always)
private func shiftedBlock4(
  _ terms: Int, _ firstWeights: UnsafePointer<Float>, _ secondWeights: UnsafePointer<Float>,
  _ offsets: UnsafePointer<Int32>, _ source: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ pitch: Int,
  _ adds: Bool
) {
  var a0 = Vector.zero, a1 = Vector.zero, b0 = Vector.zero, b1 = Vector.zero
  var c0 = Vector.zero, c1 = Vector.zero, d0 = Vector.zero, d1 = Vector.zero
  var e0 = Vector.zero, e1 = Vector.zero, f0 = Vector.zero, f1 = Vector.zero
  var g0 = Vector.zero, g1 = Vector.zero, h0 = Vector.zero, h1 = Vector.zero
  var (first, second) = (firstWeights, secondWeights)
  for term in 0..<terms {
    let tap = source + Int(offsets[term])
    let (x0, x1) = (load(tap), load(tap + width))
    let a = repeated(first[0])
    accumulate(a, x0, &a0)
    accumulate(a, x1, &a1)
    let b = repeated(first[1])
    accumulate(b, x0, &b0)
    accumulate(b, x1, &b1)
    let c = repeated(first[2])
    accumulate(c, x0, &c0)
    accumulate(c, x1, &c1)
    let d = repeated(first[3])
    accumulate(d, x0, &d0)
    accumulate(d, x1, &d1)
    let e = repeated(second[0])
    accumulate(e, x0, &e0)
    accumulate(e, x1, &e1)
    let f = repeated(second[1])
    accumulate(f, x0, &f0)
    accumulate(f, x1, &f1)
    let g = repeated(second[2])
    accumulate(g, x0, &g0)
    accumulate(g, x1, &g1)
    let h = repeated(second[3])
    accumulate(h, x0, &h0)
    accumulate(h, x1, &h1)
    first += 4
    second += 4
  }
  var row = output
  put(a0, row, adds)
  put(a1, row + width, adds)
  row += pitch
  put(b0, row, adds)
  put(b1, row + width, adds)
  row += pitch
  put(c0, row, adds)
  put(c1, row + width, adds)
  row += pitch
  put(d0, row, adds)
  put(d1, row + width, adds)
  row += pitch
  put(e0, row, adds)
  put(e1, row + width, adds)
  row += pitch
  put(f0, row, adds)
  put(f1, row + width, adds)
  row += pitch
  put(g0, row, adds)
  put(g1, row + width, adds)
  row += pitch
  put(h0, row, adds)
  put(h1, row + width, adds)
}
