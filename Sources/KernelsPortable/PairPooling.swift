// Max pooling by 2x2 windows of stride 2 without padding, by far the most common. Nothing branches on the values: they are
// unpredictable. NaN wins, else the first of equals, as in PyTorch.

/// The largest of every window of one plane.
///
/// - Parameters: `height` and `width` are the plane's; an odd last row or column belongs to no window.
@inline(never)
public func pairPool(
  height: Int, width: Int, source: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>
) {
  for row in 0..<height / 2 {
    let upper = source + 2 &* row &* width
    let lower = upper + width
    let line = output + row &* (width / 2)
    for column in 0..<width / 2 {
      line[column] = larger(
        larger(upper[2 &* column], upper[2 &* column &+ 1]), larger(lower[2 &* column], lower[2 &* column &+ 1]))
    }
  }
}

/// Puts each gradient at the place in its window that `pairPool` of `source` selects, zero at the other places. An odd last
/// row or column is not written.
@inline(never)
public func pairPoolScatter(
  height: Int, width: Int, source: UnsafePointer<Float>, gradient: UnsafePointer<Float>,
  output: UnsafeMutablePointer<Float>
) {
  for row in 0..<height / 2 {
    let upper = source + 2 &* row &* width
    let lower = upper + width
    let upperOut = output + 2 &* row &* width
    let lowerOut = upperOut + width
    let line = gradient + row &* (width / 2)
    for column in 0..<width / 2 {
      let left = 2 &* column
      let (a, b, c, d) = (upper[left], upper[left &+ 1], lower[left], lower[left &+ 1])
      let largest = larger(larger(a, b), larger(c, d))
      let g = line[column]
      // The last NaN; without one, the first of equals.
      let isNaN = largest != largest
      let takesA = isNaN ? (b == b && c == c && d == d) : a == largest
      let takesB = isNaN ? (b != b && c == c && d == d) : (b == largest && a != largest)
      let takesC = isNaN ? (c != c && d == d) : (c == largest && a != largest && b != largest)
      let takesD = isNaN ? d != d : (a != largest && b != largest && c != largest)
      upperOut[left] = takesA ? g : 0
      upperOut[left &+ 1] = takesB ? g : 0
      lowerOut[left] = takesC ? g : 0
      lowerOut[left &+ 1] = takesD ? g : 0
    }
  }
}

@inline(__always)
private func larger(_ x: Float, _ y: Float) -> Float { y > x || y != y ? y : x }
