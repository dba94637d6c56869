/// `windowProduct` for groups of few channels: 16 outputs of several groups, of which each reads four inputs of its own at a time.
/// An input that a group does not read is not multiplied with 0, which would make NaN of an infinity.
///
/// - Parameters:
///   - terms: four for each of `offsets`; a sum is not divided.
///   - offsets: from a pixel's source to 16 numbers, of which every four are what the same four outputs read.
///   - columns: at most 16.
///   - right: `[terms][16]`.
///   - tile: two vectors of memory of its own for each of 12 pixels.
@inline(never)
public func groupedProduct(
  pixels: Int, sources: UnsafePointer<Int>, places: UnsafePointer<Int>, terms: Int, offsets: UnsafePointer<Int>,
  columns: Int, image: UnsafePointer<Float>, right: UnsafePointer<Float>, tile: UnsafeMutablePointer<Float>,
  values: UnsafeMutablePointer<Float>, stride: Int, bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?,
  reference: UnsafePointer<Float>?, rectifies: Bool, slope: Float, lower: Float, upper: Float
) {
  let layer = layerEnd(
    bias: bias, residual: residual, reference: reference, rectifies: rectifies, slope: slope, lower: lower, upper: upper
  )
  var first = 0
  while first < columns {
    let lanes = columns &- first < width ? columns &- first : width
    let isWhole = layer.way <= limitedEnd && lanes == width
    let (lane, weights) = (image + first, right + first)
    var row = 0
    while row < pixels {
      let count = pixels &- row < 12 ? pixels &- row : 12
      let lines = sixPixels(lane, sources, row, pixels)
      if count <= 6 {
        write(groupedTile(terms, offsets, lines, weights), tile, 2 &* width, adds: false)
        finishPlaces(layer, count, first, lanes, tile, values, places + row, stride)
      } else {
        let sums = groupedTiles(terms, offsets, lines, sixPixels(lane, sources, row &+ 6, pixels), weights)
        if isWhole, count == 12 {
          storeTwelve(layer, sums, first, values, places + row, stride)
        } else {
          write(sums.0, tile, 2 &* width, adds: false)
          write(sums.1, tile + 12 &* width, 2 &* width, adds: false)
          finishPlaces(layer, count, first, lanes, tile, values, places + row, stride)
        }
      }
      row &+= 12
    }
    first &+= width
  }
}

@inline(__always)
private func groupedTile(
  _ terms: Int, _ offsets: UnsafePointer<Int>, _ pixels: SixRows, _ weights: UnsafePointer<Float>
) -> TileOf1 {
  var a0 = Vector.zero, b0 = Vector.zero, c0 = Vector.zero
  var d0 = Vector.zero, e0 = Vector.zero, f0 = Vector.zero
  var k = 0
  while k < terms {
    let rows = moved(pixels, offsets[k / 4])
    let line = weights + k &* 16
    let (w0, w1, w2, w3) = (load(line), load(line + 16), load(line + 32), load(line + 48))
    accumulate(fours(load(rows.r0)), w0, w1, w2, w3, &a0)
    accumulate(fours(load(rows.r1)), w0, w1, w2, w3, &b0)
    accumulate(fours(load(rows.r2)), w0, w1, w2, w3, &c0)
    accumulate(fours(load(rows.r3)), w0, w1, w2, w3, &d0)
    accumulate(fours(load(rows.r4)), w0, w1, w2, w3, &e0)
    accumulate(fours(load(rows.r5)), w0, w1, w2, w3, &f0)
    k &+= 4
  }
  return (a0, b0, c0, d0, e0, f0)
}

@inline(__always)
private func groupedTiles(
  _ terms: Int, _ offsets: UnsafePointer<Int>, _ pixels: SixRows, _ others: SixRows, _ weights: UnsafePointer<Float>
) -> (TileOf1, TileOf1) {
  var a0 = Vector.zero, b0 = Vector.zero, c0 = Vector.zero, d0 = Vector.zero, e0 = Vector.zero, f0 = Vector.zero
  var a1 = Vector.zero, b1 = Vector.zero, c1 = Vector.zero, d1 = Vector.zero, e1 = Vector.zero, f1 = Vector.zero
  var k = 0
  while k < terms {
    let (rows, further) = (moved(pixels, offsets[k / 4]), moved(others, offsets[k / 4]))
    let line = weights + k &* 16
    let (w0, w1, w2, w3) = (load(line), load(line + 16), load(line + 32), load(line + 48))
    accumulate(fours(load(rows.r0)), w0, w1, w2, w3, &a0)
    accumulate(fours(load(rows.r1)), w0, w1, w2, w3, &b0)
    accumulate(fours(load(rows.r2)), w0, w1, w2, w3, &c0)
    accumulate(fours(load(rows.r3)), w0, w1, w2, w3, &d0)
    accumulate(fours(load(rows.r4)), w0, w1, w2, w3, &e0)
    accumulate(fours(load(rows.r5)), w0, w1, w2, w3, &f0)
    accumulate(fours(load(further.r0)), w0, w1, w2, w3, &a1)
    accumulate(fours(load(further.r1)), w0, w1, w2, w3, &b1)
    accumulate(fours(load(further.r2)), w0, w1, w2, w3, &c1)
    accumulate(fours(load(further.r3)), w0, w1, w2, w3, &d1)
    accumulate(fours(load(further.r4)), w0, w1, w2, w3, &e1)
    accumulate(fours(load(further.r5)), w0, w1, w2, w3, &f1)
    k &+= 4
  }
  return ((a0, b0, c0, d0, e0, f0), (a1, b1, c1, d1, e1, f1))
}

@inline(__always)
private func accumulate(
  _ x: (Vector, Vector, Vector, Vector), _ w0: Vector, _ w1: Vector, _ w2: Vector, _ w3: Vector, _ sum: inout Vector
) {
  accumulate(x.0, w0, &sum)
  accumulate(x.1, w1, &sum)
  accumulate(x.2, w2, &sum)
  accumulate(x.3, w3, &sum)
}

/// Brings up to 16 channels of pixels side by side; what they do not fill is 0.
///
/// - Parameters:
///   - spreads: each pixel's 16 numbers become 32, so that every four of 16 are of one group of eight: `a0 ... a3 a0 ... a3 b0 ... b3
///     b0 ... b3`, and then the groups' other halves.
@inline(never)
public func gatherLanes(
  pixels: Int, channels: Int, source: UnsafePointer<Float>, sourceStride: Int, spreads: Bool,
  output: UnsafeMutablePointer<Float>, outputStride: Int
) {
  var pixel = 0
  while pixel < pixels {
    let from = source + pixel &* sourceStride
    let target = UnsafeMutableRawPointer(output + pixel &* outputStride)
    var numbers = SIMD16<Float>.zero
    if channels == 16 {
      numbers = UnsafeRawPointer(from).loadUnaligned(as: SIMD16<Float>.self)
    } else if channels == 8 {
      numbers.lowHalf = UnsafeRawPointer(from).loadUnaligned(as: SIMD8<Float>.self)
    } else {
      for lane in 0..<channels { numbers[lane] = from[lane] }
    }
    if spreads {
      let (a, b) = (numbers.lowHalf, numbers.highHalf)
      target.storeBytes(
        of: SIMD16(
          lowHalf: SIMD8(lowHalf: a.lowHalf, highHalf: a.lowHalf),
          highHalf: SIMD8(lowHalf: b.lowHalf, highHalf: b.lowHalf)), as: SIMD16<Float>.self)
      (target + 64).storeBytes(
        of: SIMD16(
          lowHalf: SIMD8(lowHalf: a.highHalf, highHalf: a.highHalf),
          highHalf: SIMD8(lowHalf: b.highHalf, highHalf: b.highHalf)), as: SIMD16<Float>.self)
    } else {
      target.storeBytes(of: numbers, as: SIMD16<Float>.self)
    }
    pixel &+= 1
  }
}
