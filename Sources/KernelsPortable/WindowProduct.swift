/// Pixels that go through a part of the sums together (`VectorKernels.windowTileCount`).
private let windowBlock = 48

/// Six pixels of an image from the number `first` on; beyond the last one, that one again.
@inline(__always)
func sixPixels(_ image: UnsafePointer<Float>, _ sources: UnsafePointer<Int>, _ first: Int, _ pixels: Int) -> SixRows {
  let own = sources + first
  let last = pixels &- 1 &- first
  return (
    image + own[0], image + own[last < 1 ? last : 1], image + own[last < 2 ? last : 2],
    image + own[last < 3 ? last : 3], image + own[last < 4 ? last : 4], image + own[last < 5 ? last : 5]
  )
}

/// The same rows, further on.
@inline(__always)
func moved(_ rows: SixRows, _ offset: Int) -> SixRows {
  (
    rows.r0 + offset, rows.r1 + offset, rows.r2 + offset, rows.r3 + offset, rows.r4 + offset, rows.r5 + offset
  )
}

/// `activation(window sums + bias + residual)` of pixels whose channels lie side by side: a product with panels of 16 columns, as
/// `finishedRowsTimesPanels`, whose rows are not contiguous, but made of pieces, those of a window's rows. Each output is summed
/// in the order of the pieces, as a sum of partial sums (`longestSum`).
///
/// - Parameters:
///   - sources: where each pixel's window begins in the image.
///   - places: each pixel's number among the values.
///   - terms: of all pieces.
///   - pieceOffsets: where the term 0 would be, counted from a pixel's source, if it was of this piece.
///   - pieceEnds: the term after its last one. No piece goes over a multiple of `longestSum`. There is one at least.
///   - columns: of the last panel, those behind are left out.
///   - right: `[panels][terms][16]`.
///   - tile: two vectors of memory of its own for each of 48 pixels.
///   - values: pixels `stride` apart, like those of residual and reference.
@inline(never)
public func windowProduct(
  pixels: Int, sources: UnsafePointer<Int>, places: UnsafePointer<Int>, terms: Int, pieceOffsets: UnsafePointer<Int>,
  pieceEnds: UnsafePointer<Int>, columns: Int, image: UnsafePointer<Float>, right: UnsafePointer<Float>,
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
    let x0 = right + placeInPanels(first, terms)
    let x1 = isPair ? right + placeInPanels(first &+ width, terms) : x0
    let lanes = columns &- first < 2 &* width ? columns &- first : 2 &* width
    // As there: a block of pixels at a time, part of the sums after part.
    var block = 0
    while block < pixels {
      let end = pixels &- block < windowBlock ? pixels : block &+ windowBlock
      var (start, piece) = (0, 0)
      while start &+ longestSum < terms {
        let partEnd = start &+ longestSum
        var row = block
        while row < end {
          let lines = sixPixels(image, sources, row, pixels)
          let sums = tile + (row &- block) &* 2 &* width
          if isPair, row &- block < fetchingRows {
            let part = windowTileOf2(
              start, partEnd, pieceOffsets + piece, pieceEnds + piece, lines, x0, x1, fetches: true, ahead: longestSum)
            write(part, sums, 2 &* width, adds: start > 0)
          } else if isPair {
            let part = windowTileOf2(
              start, partEnd, pieceOffsets + piece, pieceEnds + piece, lines, x0, x1, fetches: false, ahead: 0)
            write(part, sums, 2 &* width, adds: start > 0)
          } else if row &+ 6 < end {
            let further = sixPixels(image, sources, row &+ 6, pixels)
            let parts = windowTilesOf1(
              start, partEnd, pieceOffsets + piece, pieceEnds + piece, lines, further, x0)
            write(parts.0, sums, 2 &* width, adds: start > 0)
            write(parts.1, sums + 12 &* width, 2 &* width, adds: start > 0)
            row &+= 6
          } else {
            let part = windowTileOf1(start, partEnd, pieceOffsets + piece, pieceEnds + piece, lines, x0)
            write(part, sums, 2 &* width, adds: start > 0)
          }
          row &+= 6
        }
        start = partEnd
        while pieceEnds[piece] <= start { piece &+= 1 }
      }
      // On to the next columns, or back to the first part.
      let ahead = (end < pixels ? 0 : 2 &* terms) &- start
      var row = block
      while row < end {
        let lines = sixPixels(image, sources, row, pixels)
        let earlier = tile + (row &- block) &* 2 &* width
        let count = end &- row < 6 ? end &- row : 6
        if isPair {
          var sums =
            row &- block < fetchingRows
            ? windowTileOf2(
              start, terms, pieceOffsets + piece, pieceEnds + piece, lines, x0, x1, fetches: true, ahead: ahead)
            : windowTileOf2(
              start, terms, pieceOffsets + piece, pieceEnds + piece, lines, x0, x1, fetches: false, ahead: 0)
          if start > 0 { sums = added(sums, earlier) }
          guard isWhole, count == 6 else {
            write(sums, earlier, 2 &* width, adds: false)
            finishPlaces(layer, count, first, lanes, earlier, values, places + row, stride)
            row &+= 6
            continue
          }
          // Spelled out, because the compiler would call a function and hand the sums over by memory.
          let own = places + row
          let (bias0, bias1) = (biases(layer, first, width), biases(layer, first &+ width, width))
          var place = own[0] &* stride &+ first
          store(limited(layer, sums.a0, bias0, place, width), values + place)
          store(limited(layer, sums.a1, bias1, place &+ width, width), values + (place &+ width))
          place = own[1] &* stride &+ first
          store(limited(layer, sums.b0, bias0, place, width), values + place)
          store(limited(layer, sums.b1, bias1, place &+ width, width), values + (place &+ width))
          place = own[2] &* stride &+ first
          store(limited(layer, sums.c0, bias0, place, width), values + place)
          store(limited(layer, sums.c1, bias1, place &+ width, width), values + (place &+ width))
          place = own[3] &* stride &+ first
          store(limited(layer, sums.d0, bias0, place, width), values + place)
          store(limited(layer, sums.d1, bias1, place &+ width, width), values + (place &+ width))
          place = own[4] &* stride &+ first
          store(limited(layer, sums.e0, bias0, place, width), values + place)
          store(limited(layer, sums.e1, bias1, place &+ width, width), values + (place &+ width))
          place = own[5] &* stride &+ first
          store(limited(layer, sums.f0, bias0, place, width), values + place)
          store(limited(layer, sums.f1, bias1, place &+ width, width), values + (place &+ width))
          row &+= 6
        } else if row &+ 6 < end {
          let further = sixPixels(image, sources, row &+ 6, pixels)
          var sums = windowTilesOf1(
            start, terms, pieceOffsets + piece, pieceEnds + piece, lines, further, x0)
          if start > 0 { sums = (added(sums.0, earlier), added(sums.1, earlier + 12 &* width)) }
          let both = end &- row < 12 ? end &- row : 12
          guard isWhole, both == 12 else {
            write(sums.0, earlier, 2 &* width, adds: false)
            write(sums.1, earlier + 12 &* width, 2 &* width, adds: false)
            finishPlaces(layer, both, first, lanes, earlier, values, places + row, stride)
            row &+= 12
            continue
          }
          storeTwelve(layer, sums, first, values, places + row, stride)
          row &+= 12
        } else {
          var sums = windowTileOf1(start, terms, pieceOffsets + piece, pieceEnds + piece, lines, x0)
          if start > 0 { sums = added(sums, earlier) }
          write(sums, earlier, 2 &* width, adds: false)
          finishPlaces(layer, count, first, lanes, earlier, values, places + row, stride)
          row &+= 6
        }
      }
      block = end
    }
    first &+= 2 &* width
  }
}

/// Finishes twelve pixels whose sums are in registers; spelled out, as above.
@inline(__always)
func storeTwelve(
  _ layer: LayerEnd, _ sums: (TileOf1, TileOf1), _ first: Int, _ values: UnsafeMutablePointer<Float>,
  _ own: UnsafePointer<Int>, _ stride: Int
) {
  let bias = biases(layer, first, width)
  var place = own[0] &* stride &+ first
  store(limited(layer, sums.0.a0, bias, place, width), values + place)
  place = own[1] &* stride &+ first
  store(limited(layer, sums.0.b0, bias, place, width), values + place)
  place = own[2] &* stride &+ first
  store(limited(layer, sums.0.c0, bias, place, width), values + place)
  place = own[3] &* stride &+ first
  store(limited(layer, sums.0.d0, bias, place, width), values + place)
  place = own[4] &* stride &+ first
  store(limited(layer, sums.0.e0, bias, place, width), values + place)
  place = own[5] &* stride &+ first
  store(limited(layer, sums.0.f0, bias, place, width), values + place)
  place = own[6] &* stride &+ first
  store(limited(layer, sums.1.a0, bias, place, width), values + place)
  place = own[7] &* stride &+ first
  store(limited(layer, sums.1.b0, bias, place, width), values + place)
  place = own[8] &* stride &+ first
  store(limited(layer, sums.1.c0, bias, place, width), values + place)
  place = own[9] &* stride &+ first
  store(limited(layer, sums.1.d0, bias, place, width), values + place)
  place = own[10] &* stride &+ first
  store(limited(layer, sums.1.e0, bias, place, width), values + place)
  place = own[11] &* stride &+ first
  store(limited(layer, sums.1.f0, bias, place, width), values + place)
}

/// Finishes pixels whose sums are in memory, two vectors apart.
@inline(never)
func finishPlaces(
  _ layer: LayerEnd, _ count: Int, _ first: Int, _ lanes: Int, _ sums: UnsafePointer<Float>,
  _ values: UnsafeMutablePointer<Float>, _ places: UnsafePointer<Int>, _ stride: Int
) {
  var pixel = 0
  while pixel < count {
    // Neighbours together.
    var next = pixel &+ 1
    while next < count, places[next] &- places[pixel] == next &- pixel { next &+= 1 }
    finishSums(
      layer, next &- pixel, first, lanes, sums + pixel &* 2 &* width, 2 &* width, values,
      places[pixel] &* stride &+ first, stride)
    pixel = next
  }
}
