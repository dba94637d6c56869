/// `output[row][column] = sum over k of left[k][row] * right[k][column]`: a matrix product whose left operand is read in place,
/// transposed, as sums over tiles or pixels are whose channels lie side by side. Each output is summed in the order of k, as a
/// sum of partial sums (`longestSum`).
///
/// - Parameters:
///   - rows: a multiple of 8.
///   - columns: a multiple of 16.
///   - left, right, output: rows so many numbers apart; a stride off the powers of two keeps them from meeting in the same
///     lines of the cache.
///   - adds: the sums are added to what is in the output.
@inline(never)
public func transposedProduct(
  rows: Int, inner: Int, columns: Int, left: UnsafePointer<Float>, leftStride: Int, right: UnsafePointer<Float>,
  rightStride: Int, output: UnsafeMutablePointer<Float>, outputStride: Int, adds: Bool
) {
  var start = 0
  repeat {
    let count = min(longestSum, inner &- start)
    let (x, y) = (left + start &* leftStride, right + start &* rightStride)
    let adds = adds || start > 0
    var column = 0
    while column < columns {
      let isPair = column &+ 2 &* width <= columns
      var row = 0
      while row < rows {
        let target = output + row &* outputStride + column
        if !isPair {
          outerProducts8x1(count, x + row, leftStride, y + column, rightStride, target, outputStride, adds)
        } else if hasManyRegisters {
          outerProducts8x2(count, x + row, leftStride, y + column, rightStride, target, outputStride, adds)
        } else {
          outerProducts4x2(count, x + row, leftStride, y + column, rightStride, target, outputStride, adds)
          outerProducts4x2(
            count, x + row + 4, leftStride, y + column, rightStride, target + 4 &* outputStride, outputStride, adds)
        }
        row &+= 8
      }
      column &+= isPair ? 2 &* width : width
    }
    start &+= count
  } while start < inner
}

/// Of eight rows and two vectors of columns.
@inline(__always)
private func outerProducts8x2(
  _ count: Int, _ left: UnsafePointer<Float>, _ leftStride: Int, _ right: UnsafePointer<Float>, _ rightStride: Int,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int, _ adds: Bool
) {
  var a0 = Vector.zero, a1 = Vector.zero, b0 = Vector.zero, b1 = Vector.zero
  var c0 = Vector.zero, c1 = Vector.zero, d0 = Vector.zero, d1 = Vector.zero
  var e0 = Vector.zero, e1 = Vector.zero, f0 = Vector.zero, f1 = Vector.zero
  var g0 = Vector.zero, g1 = Vector.zero, h0 = Vector.zero, h1 = Vector.zero
  var (x, y) = (left, right)
  for _ in 0..<count {
    let (y0, y1) = (load(y), load(y + width))
    let a = repeated(x[0])
    accumulate(a, y0, &a0)
    accumulate(a, y1, &a1)
    let b = repeated(x[1])
    accumulate(b, y0, &b0)
    accumulate(b, y1, &b1)
    let c = repeated(x[2])
    accumulate(c, y0, &c0)
    accumulate(c, y1, &c1)
    let d = repeated(x[3])
    accumulate(d, y0, &d0)
    accumulate(d, y1, &d1)
    let e = repeated(x[4])
    accumulate(e, y0, &e0)
    accumulate(e, y1, &e1)
    let f = repeated(x[5])
    accumulate(f, y0, &f0)
    accumulate(f, y1, &f1)
    let g = repeated(x[6])
    accumulate(g, y0, &g0)
    accumulate(g, y1, &g1)
    let h = repeated(x[7])
    accumulate(h, y0, &h0)
    accumulate(h, y1, &h1)
    x += leftStride
    y += rightStride
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
  row += outputStride
  put(g0, row, adds)
  put(g1, row + width, adds)
  row += outputStride
  put(h0, row, adds)
  put(h1, row + width, adds)
}

/// Of four rows and two vectors of columns.
@inline(__always)
private func outerProducts4x2(
  _ count: Int, _ left: UnsafePointer<Float>, _ leftStride: Int, _ right: UnsafePointer<Float>, _ rightStride: Int,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int, _ adds: Bool
) {
  var a0 = Vector.zero, a1 = Vector.zero, b0 = Vector.zero, b1 = Vector.zero
  var c0 = Vector.zero, c1 = Vector.zero, d0 = Vector.zero, d1 = Vector.zero
  var (x, y) = (left, right)
  for _ in 0..<count {
    let (y0, y1) = (load(y), load(y + width))
    let a = repeated(x[0])
    accumulate(a, y0, &a0)
    accumulate(a, y1, &a1)
    let b = repeated(x[1])
    accumulate(b, y0, &b0)
    accumulate(b, y1, &b1)
    let c = repeated(x[2])
    accumulate(c, y0, &c0)
    accumulate(c, y1, &c1)
    let d = repeated(x[3])
    accumulate(d, y0, &d0)
    accumulate(d, y1, &d1)
    x += leftStride
    y += rightStride
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
}

/// Of eight rows and one vector of columns: the last of an odd number.
@inline(__always)
private func outerProducts8x1(
  _ count: Int, _ left: UnsafePointer<Float>, _ leftStride: Int, _ right: UnsafePointer<Float>, _ rightStride: Int,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int, _ adds: Bool
) {
  var a = Vector.zero, b = Vector.zero, c = Vector.zero, d = Vector.zero
  var e = Vector.zero, f = Vector.zero, g = Vector.zero, h = Vector.zero
  var (x, y) = (left, right)
  for _ in 0..<count {
    let y0 = load(y)
    accumulate(repeated(x[0]), y0, &a)
    accumulate(repeated(x[1]), y0, &b)
    accumulate(repeated(x[2]), y0, &c)
    accumulate(repeated(x[3]), y0, &d)
    accumulate(repeated(x[4]), y0, &e)
    accumulate(repeated(x[5]), y0, &f)
    accumulate(repeated(x[6]), y0, &g)
    accumulate(repeated(x[7]), y0, &h)
    x += leftStride
    y += rightStride
  }
  put(a, output, adds)
  put(b, output + outputStride, adds)
  put(c, output + 2 &* outputStride, adds)
  put(d, output + 3 &* outputStride, adds)
  put(e, output + 4 &* outputStride, adds)
  put(f, output + 5 &* outputStride, adds)
  put(g, output + 6 &* outputStride, adds)
  put(h, output + 7 &* outputStride, adds)
}
