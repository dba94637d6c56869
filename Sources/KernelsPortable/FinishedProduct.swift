/// Rows that go through a part of the sums together (`VectorKernels.finishedTileCount`).
private let finishedBlock = 48

/// `activation(left * right + bias + residual)`: `rowsTimesPanels` with the end of a fused layer (`finishPixels`) while the sums
/// are in registers; the same bits.
///
/// - Parameters:
///   - rows: any number; the left matrix is read in sixes of rows.
///   - columns: of the last panel, those behind are left out.
///   - tile: two vectors of memory of its own for each of 48 rows.
///   - values: rows `stride` apart, like those of residual and reference.
@inline(never)
public func finishedRowsTimesPanels(
  rows: Int, inner: Int, columns: Int, left: UnsafePointer<Float>, leftStride: Int, right: UnsafePointer<Float>,
  tile: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Float>, stride: Int, bias: UnsafePointer<Float>?,
  residual: UnsafePointer<Float>?, reference: UnsafePointer<Float>?, rectifies: Bool, slope: Float, lower: Float,
  upper: Float
) {
  let layer = layerEnd(
    bias: bias, residual: residual, reference: reference, rectifies: rectifies, slope: slope, lower: lower, upper: upper
  )
  var first = 0
  while first < columns {
    let isPair = first &+ width < columns
    let isWhole = layer.way <= limitedEnd && first &+ (isPair ? 2 : 1) &* width <= columns
    let x0 = right + placeInPanels(first, inner)
    let next = first &+ width
    let x1 = isPair ? right + placeInPanels(next, inner) : x0
    let lanes = columns &- first < 2 &* width ? columns &- first : 2 &* width
    // A block of rows at a time, part of the sums after part, so that the columns of a part stay in the cache for all of them.
    var block = 0
    while block < rows {
      let end = rows &- block < finishedBlock ? rows : block &+ finishedBlock
      var start = 0
      while start &+ longestSum < inner {
        var row = block
        while row < end {
          let lines = sixRows(left + row &* leftStride, leftStride)
          let (partEnd, sums) = (start &+ longestSum, tile + (row &- block) &* 2 &* width)
          if isPair, row &- block < fetchingRows {
            let part = tileOf2(start, partEnd, lines, x0, x1, fetches: true, ahead: longestSum)
            write(part, sums, 2 &* width, adds: start > 0)
          } else if isPair {
            let part = tileOf2(start, partEnd, lines, x0, x1, fetches: false, ahead: 0)
            write(part, sums, 2 &* width, adds: start > 0)
          } else {
            write(tileOf1(start, partEnd, lines, x0), sums, 2 &* width, adds: start > 0)
          }
          row &+= 6
        }
        start &+= longestSum
      }
      // On to the next columns, or back to the first part.
      let ahead = (end < rows ? 0 : 2 &* inner) &- start
      var row = block
      while row < end {
        let lines = sixRows(left + row &* leftStride, leftStride)
        let (place, earlier) = (row &* stride &+ first, tile + (row &- block) &* 2 &* width)
        let count = end &- row < 6 ? end &- row : 6
        let fetches = row &- block < fetchingRows
        row &+= 6
        if isPair {
          var sums =
            fetches
            ? tileOf2(start, inner, lines, x0, x1, fetches: true, ahead: ahead)
            : tileOf2(start, inner, lines, x0, x1, fetches: false, ahead: 0)
          if start > 0 { sums = added(sums, earlier) }
          guard isWhole, count == 6 else {
            write(sums, earlier, 2 &* width, adds: false)
            finishSums(layer, count, first, lanes, earlier, 2 &* width, values, place, stride)
            continue
          }
          // Spelled out, because the compiler would call a function and hand the sums over by memory.
          let (bias0, bias1) = (biases(layer, first, width), biases(layer, next, width))
          var place = place
          store(limited(layer, sums.a0, bias0, place, width), values + place)
          store(limited(layer, sums.a1, bias1, place &+ width, width), values + (place &+ width))
          place &+= stride
          store(limited(layer, sums.b0, bias0, place, width), values + place)
          store(limited(layer, sums.b1, bias1, place &+ width, width), values + (place &+ width))
          place &+= stride
          store(limited(layer, sums.c0, bias0, place, width), values + place)
          store(limited(layer, sums.c1, bias1, place &+ width, width), values + (place &+ width))
          place &+= stride
          store(limited(layer, sums.d0, bias0, place, width), values + place)
          store(limited(layer, sums.d1, bias1, place &+ width, width), values + (place &+ width))
          place &+= stride
          store(limited(layer, sums.e0, bias0, place, width), values + place)
          store(limited(layer, sums.e1, bias1, place &+ width, width), values + (place &+ width))
          place &+= stride
          store(limited(layer, sums.f0, bias0, place, width), values + place)
          store(limited(layer, sums.f1, bias1, place &+ width, width), values + (place &+ width))
        } else {
          var sums = tileOf1(start, inner, lines, x0)
          if start > 0 { sums = added(sums, earlier) }
          guard isWhole, count == 6 else {
            write(sums, earlier, 2 &* width, adds: false)
            finishSums(layer, count, first, lanes, earlier, 2 &* width, values, place, stride)
            continue
          }
          let bias0 = biases(layer, first, width)
          var place = place
          store(limited(layer, sums.a0, bias0, place, width), values + place)
          place &+= stride
          store(limited(layer, sums.b0, bias0, place, width), values + place)
          place &+= stride
          store(limited(layer, sums.c0, bias0, place, width), values + place)
          place &+= stride
          store(limited(layer, sums.d0, bias0, place, width), values + place)
          place &+= stride
          store(limited(layer, sums.e0, bias0, place, width), values + place)
          place &+= stride
          store(limited(layer, sums.f0, bias0, place, width), values + place)
        }
      }
      block = end
    }
    first &+= 2 &* width
  }
}
