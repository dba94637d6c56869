/// `output[row][k] = sum over c of rows[row][c] * panels[k / 16][c][k % 16]`: a matrix product whose right operand was brought
/// into panels of 16 columns beforehand, and whose left one is read in place. Each output is summed in the order of c, as a sum
/// of partial sums (`longestSum`).
///
/// - Parameters:
///   - rows: a multiple of 6.
///   - left: rows `leftStride` apart.
///   - output: rows `outputStride` apart, of 16 numbers for each panel.
///   - adds: the sums are added to what is in the output.
@inline(never)
public func rowsTimesPanels(
  rows: Int, inner: Int, panels: Int, left: UnsafePointer<Float>, leftStride: Int, right: UnsafePointer<Float>,
  output: UnsafeMutablePointer<Float>, outputStride: Int, adds: Bool
) {
  // Two vectors of columns at a time; of a panel or of neighbouring ones.
  let vectors = panels &* 16 / width
  var vector = 0
  while vector < vectors {
    let first = right + column(vector, inner)
    let second = vector &+ 1 < vectors ? right + column(vector &+ 1, inner) : nil
    var row = 0
    while row < rows {
      let target = output + row &* outputStride + vector &* width
      var start = 0
      repeat {
        let (part, adds) = (left + row &* leftStride + start, adds || start > 0)
        let count = min(longestSum, inner &- start)
        if let second {
          block2(
            count, part, leftStride, first + start &* 16, second + start &* 16, target, outputStride, adds)
        } else {
          block1(count, part, leftStride, first + start &* 16, target, outputStride, adds)
        }
        start &+= count
      } while start < inner
      row &+= 6
    }
    vector &+= 2
  }
}

/// Where a vector of columns begins.
@inline(__always)
private func column(_ vector: Int, _ inner: Int) -> Int {
  let index = vector &* width
  return index / 16 &* inner &* 16 &+ index % 16
}

@inline(__always)
private func block2(
  _ inner: Int, _ left: UnsafePointer<Float>, _ leftStride: Int, _ first: UnsafePointer<Float>,
  _ second: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int, _ adds: Bool
) {
  let (l0, l1, l2) = (left, left + leftStride, left + 2 &* leftStride)
  let (l3, l4, l5) = (left + 3 &* leftStride, left + 4 &* leftStride, left + 5 &* leftStride)
  var a0 = Vector.zero, a1 = Vector.zero, b0 = Vector.zero, b1 = Vector.zero
  var c0 = Vector.zero, c1 = Vector.zero, d0 = Vector.zero, d1 = Vector.zero
  var e0 = Vector.zero, e1 = Vector.zero, f0 = Vector.zero, f1 = Vector.zero
  for k in 0..<inner {
    let (x0, x1) = (load(first + k &* 16), load(second + k &* 16))
    let a = repeated(l0[k])
    accumulate(a, x0, &a0)
    accumulate(a, x1, &a1)
    let b = repeated(l1[k])
    accumulate(b, x0, &b0)
    accumulate(b, x1, &b1)
    let c = repeated(l2[k])
    accumulate(c, x0, &c0)
    accumulate(c, x1, &c1)
    let d = repeated(l3[k])
    accumulate(d, x0, &d0)
    accumulate(d, x1, &d1)
    let e = repeated(l4[k])
    accumulate(e, x0, &e0)
    accumulate(e, x1, &e1)
    let f = repeated(l5[k])
    accumulate(f, x0, &f0)
    accumulate(f, x1, &f1)
  }
  var row = output
  put(a0, row, adds)
  put(a1, row + width, adds)
  row += outputStride
  put(b0, row, adds)
  put(b1, row + width, adds)
  row += outputStride
  put(c0, row, adds)
  put(c1, row + width, adds)
  row += outputStride
  put(d0, row, adds)
  put(d1, row + width, adds)
  row += outputStride
  put(e0, row, adds)
  put(e1, row + width, adds)
  row += outputStride
  put(f0, row, adds)
  put(f1, row + width, adds)
}

@inline(__always)
private func block1(
  _ inner: Int, _ left: UnsafePointer<Float>, _ leftStride: Int, _ first: UnsafePointer<Float>,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int, _ adds: Bool
) {
  let (l0, l1, l2) = (left, left + leftStride, left + 2 &* leftStride)
  let (l3, l4, l5) = (left + 3 &* leftStride, left + 4 &* leftStride, left + 5 &* leftStride)
  var a = Vector.zero, b = Vector.zero, c = Vector.zero, d = Vector.zero, e = Vector.zero, f = Vector.zero
  for k in 0..<inner {
    let x = load(first + k &* 16)
    accumulate(repeated(l0[k]), x, &a)
    accumulate(repeated(l1[k]), x, &b)
    accumulate(repeated(l2[k]), x, &c)
    accumulate(repeated(l3[k]), x, &d)
    accumulate(repeated(l4[k]), x, &e)
    accumulate(repeated(l5[k]), x, &f)
  }
  put(a, output, adds)
  put(b, output + outputStride, adds)
  put(c, output + 2 &* outputStride, adds)
  put(d, output + 3 &* outputStride, adds)
  put(e, output + 4 &* outputStride, adds)
  put(f, output + 5 &* outputStride, adds)
}
