// A 3x3 convolution of stride 2, and its transpose: 81 products for every 4x4 outputs (of the transpose: 8x8) instead of 144.
// Along each axis elements 0 to 3 belong to the middle tap, 4 to 8 to F(4, 2) of the outer taps; element (i, j) has the number
// 9 * i + j. Otherwise as `winogradInput` and `winogradOutput`.

/// From tiles of 9x9 inputs, eight pixels apart.
@inline(never)
public func winogradStridedInput(
  tiles: Int, channels: Int, rows: UnsafePointer<UnsafePointer<Float>>, firstColumn: Int, columns: Int,
  output: UnsafeMutablePointer<Float>, tileStride: Int, elementStride: Int, temporary: UnsafeMutablePointer<Float>
) {
  let (r0, r1, r2, r3, r4) = (rows[0], rows[1], rows[2], rows[3], rows[4])
  let (r5, r6, r7, r8) = (rows[5], rows[6], rows[7], rows[8])
  var tile = 0
  while tile < tiles {
    let together = tiles &- tile < tilesTogether ? tiles &- tile : tilesTogether
    var channel = 0
    while channel < channels {
      for column in 0..<8 &* together &+ 1 {
        let x = firstColumn &+ 8 &* tile &+ column
        let line = temporary + column &* 9 &* width
        guard x >= 0, x < columns else {
          clear(line, 9)
          continue
        }
        let place = x &* channels &+ channel
        store(load(r1 + place), line)
        store(load(r3 + place), line + width)
        store(load(r5 + place), line + 2 &* width)
        store(load(r7 + place), line + 3 &* width)
        inputLine2(
          load(r0 + place), load(r2 + place), load(r4 + place), load(r6 + place), load(r8 + place), line + 4 &* width,
          width)
      }
      for index in 0..<together {
        for row in 0..<9 {
          let line = temporary + (72 &* index &+ row) &* width
          let element = output + row &* 9 &* elementStride + (tile &+ index) &* tileStride + channel
          store(load(line + 9 &* width), element)
          store(load(line + 27 &* width), element + elementStride)
          store(load(line + 45 &* width), element + 2 &* elementStride)
          store(load(line + 63 &* width), element + 3 &* elementStride)
          inputLine2(
            load(line), load(line + 18 &* width), load(line + 36 &* width), load(line + 54 &* width),
            load(line + 72 &* width), element + 4 &* elementStride, elementStride)
        }
      }
      channel &+= width
    }
    tile &+= together
  }
}

/// From tiles of 5x5 inputs, four pixels apart.
@inline(never)
public func winogradSpreadInput(
  tiles: Int, channels: Int, rows: UnsafePointer<UnsafePointer<Float>>, firstColumn: Int, columns: Int,
  output: UnsafeMutablePointer<Float>, tileStride: Int, elementStride: Int, temporary: UnsafeMutablePointer<Float>
) {
  let (r0, r1, r2, r3, r4) = (rows[0], rows[1], rows[2], rows[3], rows[4])
  var tile = 0
  while tile < tiles {
    let together = tiles &- tile < tilesTogether ? tiles &- tile : tilesTogether
    var channel = 0
    while channel < channels {
      for column in 0..<4 &* together &+ 1 {
        let x = firstColumn &+ 4 &* tile &+ column
        let line = temporary + column &* 9 &* width
        guard x >= 0, x < columns else {
          clear(line, 9)
          continue
        }
        let place = x &* channels &+ channel
        let (d0, d1, d2, d3) = (load(r0 + place), load(r1 + place), load(r2 + place), load(r3 + place))
        store(d0, line)
        store(d1, line + width)
        store(d2, line + 2 &* width)
        store(d3, line + 3 &* width)
        inputLine2(d0, d1, d2, d3, load(r4 + place), line + 4 &* width, width)
      }
      for index in 0..<together {
        for row in 0..<9 {
          let line = temporary + (36 &* index &+ row) &* width
          let element = output + row &* 9 &* elementStride + (tile &+ index) &* tileStride + channel
          let (d0, d1, d2, d3) = (
            load(line), load(line + 9 &* width), load(line + 18 &* width), load(line + 27 &* width)
          )
          store(d0, element)
          store(d1, element + elementStride)
          store(d2, element + 2 &* elementStride)
          store(d3, element + 3 &* elementStride)
          inputLine2(d0, d1, d2, d3, load(line + 36 &* width), element + 4 &* elementStride, elementStride)
        }
      }
      channel &+= width
    }
    tile &+= together
  }
}

/// To tiles of 4x4 outputs.
@inline(never)
public func winogradStridedOutput(
  rows: Int, columns: Int, channels: Int, products: UnsafePointer<Float>, elementStride: Int,
  temporary: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Float>, rowStride: Int,
  bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?, reference: UnsafePointer<Float>?, rectifies: Bool,
  slope: Float, lower: Float, upper: Float
) {
  let layer = layerEnd(
    bias: bias, residual: residual, reference: reference, rectifies: rectifies, slope: slope, lower: lower, upper: upper
  )
  let lanes = (channels &+ 15) / 16 &* 16
  let outputs = temporary + 36 &* width
  var first = 0
  while first < columns {
    var channel = 0
    while channel < channels {
      let m = products + first / 4 &* lanes + channel
      for column in 0..<9 {
        let m = m + column &* elementStride
        let line = temporary + column &* width
        let y = outputLine2(
          load(m + 36 &* elementStride), load(m + 45 &* elementStride), load(m + 54 &* elementStride),
          load(m + 63 &* elementStride), load(m + 72 &* elementStride))
        store(y.0 + load(m), line)
        store(y.1 + load(m + 9 &* elementStride), line + 9 &* width)
        store(y.2 + load(m + 18 &* elementStride), line + 18 &* width)
        store(y.3 + load(m + 27 &* elementStride), line + 27 &* width)
      }
      for row in 0..<4 {
        let line = temporary + row &* 9 &* width
        let pixel = outputs + 4 &* row &* width
        let y = outputLine2(
          load(line + 4 &* width), load(line + 5 &* width), load(line + 6 &* width), load(line + 7 &* width),
          load(line + 8 &* width))
        store(y.0 + load(line), pixel)
        store(y.1 + load(line + 1 &* width), pixel + width)
        store(y.2 + load(line + 2 &* width), pixel + 2 &* width)
        store(y.3 + load(line + 3 &* width), pixel + 3 &* width)
      }
      finishTile(
        layer, rows, columns &- first < 4 ? columns &- first : 4, channel, channels, outputs, 4, values,
        first &* channels &+ channel, rowStride)
      channel &+= width
    }
    first &+= 4
  }
}

/// To tiles of 8x8 outputs.
@inline(never)
public func winogradSpreadOutput(
  rows: Int, columns: Int, channels: Int, products: UnsafePointer<Float>, elementStride: Int,
  temporary: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Float>, rowStride: Int,
  bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?, reference: UnsafePointer<Float>?, rectifies: Bool,
  slope: Float, lower: Float, upper: Float
) {
  let layer = layerEnd(
    bias: bias, residual: residual, reference: reference, rectifies: rectifies, slope: slope, lower: lower, upper: upper
  )
  let lanes = (channels &+ 15) / 16 &* 16
  let outputs = temporary + 72 &* width
  var first = 0
  while first < columns {
    var channel = 0
    while channel < channels {
      let m = products + first / 8 &* lanes + channel
      for column in 0..<9 {
        let m = m + column &* elementStride
        let line = temporary + column &* width
        let y = outputLine2(
          load(m + 36 &* elementStride), load(m + 45 &* elementStride), load(m + 54 &* elementStride),
          load(m + 63 &* elementStride), load(m + 72 &* elementStride))
        store(load(m), line)
        store(y.0, line + 9 &* width)
        store(load(m + 9 &* elementStride), line + 18 &* width)
        store(y.1, line + 27 &* width)
        store(load(m + 18 &* elementStride), line + 36 &* width)
        store(y.2, line + 45 &* width)
        store(load(m + 27 &* elementStride), line + 54 &* width)
        store(y.3, line + 63 &* width)
      }
      for row in 0..<8 {
        let line = temporary + row &* 9 &* width
        let pixel = outputs + 8 &* row &* width
        let y = outputLine2(
          load(line + 4 &* width), load(line + 5 &* width), load(line + 6 &* width), load(line + 7 &* width),
          load(line + 8 &* width))
        store(load(line), pixel)
        store(y.0, pixel + width)
        store(load(line + 1 &* width), pixel + 2 &* width)
        store(y.1, pixel + 3 &* width)
        store(load(line + 2 &* width), pixel + 4 &* width)
        store(y.2, pixel + 5 &* width)
        store(load(line + 3 &* width), pixel + 6 &* width)
        store(y.3, pixel + 7 &* width)
      }
      finishTile(
        layer, rows, columns &- first < 8 ? columns &- first : 8, channel, channels, outputs, 8, values,
        first &* channels &+ channel, rowStride)
      channel &+= width
    }
    first &+= 8
  }
}
