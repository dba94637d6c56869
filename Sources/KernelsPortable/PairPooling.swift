/// The largest of every window of one plane, for max pooling by 2x2 windows of stride 2 without padding, by far the most common.
/// NaN wins.
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

@inline(__always)
private func larger(_ x: Float, _ y: Float) -> Float { y > x || y != y ? y : x }
