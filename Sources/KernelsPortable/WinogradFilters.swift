/// `G g G^T` of 3x3 filters g, of 16 lanes each, in double precision.
///
/// - Parameters:
///   - filters: `[channels][9][16]`.
///   - flips: the taps, as the transpose of a convolution does.
///   - coefficients: `G`, `[6][3]`.
///   - output: of the first channel's first element; the next channel's follow after 16, the 36 elements are `elementStride` apart.
///   - temporary: 18 numbers for each of a register's.
@inline(never)
public func winogradFilters(
  channels: Int, filters: UnsafePointer<Float>, flips: Bool, coefficients: UnsafePointer<Double>,
  output: UnsafeMutablePointer<Float>, elementStride: Int, temporary: UnsafeMutablePointer<Double>
) {
  let count = Doubles.scalarCount
  let first = flips ? 128 : 0
  let step = flips ? -16 : 16
  for channel in 0..<channels {
    var lane = 0
    while lane < 16 {
      let taps = filters + (channel &* 144 &+ first &+ lane)
      for row in 0..<3 {
        let line = taps + (row &* 3 &* step)
        let (a, b, c) = (loadDoubles(line), loadDoubles(line + step), loadDoubles(line + 2 &* step))
        for column in 0..<6 {
          let factors = coefficients + 3 &* column
          put(factors[0] * a + factors[1] * b + factors[2] * c, temporary + (6 &* row &+ column) &* count)
        }
      }
      for column in 0..<6 {
        let line = temporary + column &* count
        let (a, b, c) = (get(line), get(line + 6 &* count), get(line + 12 &* count))
        let target = output + (channel &* 16 &+ lane &+ column &* elementStride)
        for row in 0..<6 {
          let factors = coefficients + 3 &* row
          storeRounded(
            factors[0] * a + factors[1] * b + factors[2] * c, target + 6 &* row &* elementStride)
        }
      }
      lane &+= count
    }
  }
}
