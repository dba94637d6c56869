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
    let first = right + placeInPanels(vector &* width, inner)
    let second = isPair ? right + placeInPanels((vector &+ 1) &* width, inner) : first
    // Part of the sums after part, so that the columns of one stay in the cache for all rows.
    var start = 0
    repeat {
      let end = inner &- start < longestSum ? inner : start &+ longestSum
      let adds = adds || start > 0
      let ahead = end < inner ? longestSum : 2 &* inner &- start
      var row = 0
      while row < rows {
        let lines = sixRows(left + row &* leftStride, leftStride)
        let target = output + row &* outputStride + vector &* width
        let isDouble = !isPair && row &+ 6 < rows
        if isPair, row < fetchingRows {
          let tile = tileOf2(start, end, lines, first, second, fetches: true, ahead: ahead)
          write(tile, target, outputStride, adds: adds)
        } else if isPair {
          let tile = tileOf2(start, end, lines, first, second, fetches: false, ahead: 0)
          write(tile, target, outputStride, adds: adds)
        } else if isDouble {
          let tiles = tilesOf1(start, end, lines, sixRows(left + (row &+ 6) &* leftStride, leftStride), first)
          write(tiles.0, target, outputStride, adds: adds)
          write(tiles.1, target + 6 &* outputStride, outputStride, adds: adds)
        } else {
          write(tileOf1(start, end, lines, first), target, outputStride, adds: adds)
        }
        row &+= isDouble ? 12 : 6
      }
      start = end
    } while start < inner
    vector &+= 2
  }
}
