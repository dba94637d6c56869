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
  let vectors = panels &* 16 / width
  var vector = 0
  while vector < vectors {
    let isPair = vector &+ 1 < vectors
    let first = right + column(vector, inner)
    let second = isPair ? right + column(vector &+ 1, inner) : first
    var row = 0
    while row < rows {
      let target = output + row &* outputStride + vector &* width
      var start = 0
      repeat {
        let (part, adds) = (left + row &* leftStride + start, adds || start > 0)
        let count = min(longestSum, inner &- start)
        if isPair {
          TileOf2(count, part, leftStride, first + start &* 16, second + start &* 16).forEach { row, vector, sum in
            put(sum, target + row &* outputStride + vector &* width, adds)
          }
        } else {
          TileOf1(count, part, leftStride, first + start &* 16).forEach { row, _, sum in
            put(sum, target + row &* outputStride, adds)
          }
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
