/// `activation(left * right + bias + residual)`: `rowsTimesPanels` with the end of a fused layer (`finishPixels`) while the sums
/// are in registers; the same bits.
///
/// - Parameters:
///   - rows: any number; the left matrix is read in sixes of rows.
///   - columns: of the last panel, those behind are left out.
///   - tile: 192 numbers of memory of its own.
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
    var row = 0
    while row < rows {
      let lines = sixRows(left + row &* leftStride, leftStride)
      let place = row &* stride &+ first
      let endsHere = isWhole && row &+ 6 <= rows
      // All parts of the sums, or all but the last.
      var start = 0
      while start &+ (endsHere ? longestSum : 0) < inner || start == 0 && !endsHere {
        let end = inner &- start < longestSum ? inner : start &+ longestSum
        if isPair {
          write(tileOf2(start, end, lines, x0, x1), tile, 2 &* width, adds: start > 0)
        } else {
          write(tileOf1(start, end, lines, x0), tile, 2 &* width, adds: start > 0)
        }
        start &+= longestSum
      }
      if !endsHere {
        let count = rows &- row < 6 ? rows &- row : 6
        let lanes = columns &- first < 2 &* width ? columns &- first : 2 &* width
        finishSums(
          layer, count, first, lanes, tile, 2 &* width, values, place, stride)
      } else if isPair {
        // Spelled out, because the compiler would call a function and hand the sums over by memory.
        var sums = tileOf2(start, inner, lines, x0, x1)
        if start > 0 { sums = added(sums, tile) }
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
        if start > 0 { sums = added(sums, tile) }
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
      row &+= 6
    }
    first &+= 2 &* width
  }
}
