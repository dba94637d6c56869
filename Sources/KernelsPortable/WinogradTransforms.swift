// F(4x4, 3x3), stride 1: a tile of 4x4 outputs from 6x6 inputs and 36 products. Memory of
// `VectorKernels.winogradTemporaryCount` numbers is passed in.

/// For every tile of a row of tiles, `V = B^T d B` of its 6x6 inputs d, which lie four pixels apart.
///
/// - Parameters:
///   - channels: a multiple of 16.
///   - rows: the six rows of pixels, channels side by side.
///   - firstColumn: of the first tile; may lie outside of the rows.
///   - columns: that the rows have; all others are zero.
///   - output: of the first tile's first element; the next tile's follow after `tileStride`, the 36 elements are
///     `elementStride` apart.
@inline(never)
public func winogradInput(
  tiles: Int, channels: Int, rows: UnsafePointer<UnsafePointer<Float>>, firstColumn: Int, columns: Int,
  output: UnsafeMutablePointer<Float>, tileStride: Int, elementStride: Int, temporary: UnsafeMutablePointer<Float>
) {
  let (r0, r1, r2, r3, r4, r5) = (rows[0], rows[1], rows[2], rows[3], rows[4], rows[5])
  var tile = 0
  while tile < tiles {
    let together = tiles &- tile < tilesTogether ? tiles &- tile : tilesTogether
    var channel = 0
    while channel < channels {
      for column in 0..<4 &* together &+ 2 {
        let x = firstColumn &+ 4 &* tile &+ column
        let line = temporary + column &* 6 &* width
        guard x >= 0, x < columns else {
          clear(line, 6)
          continue
        }
        let place = x &* channels &+ channel
        inputLine3(
          load(r0 + place), load(r1 + place), load(r2 + place), load(r3 + place), load(r4 + place), load(r5 + place),
          line, width)
      }
      for index in 0..<together {
        for row in 0..<6 {
          let line = temporary + (24 &* index &+ row) &* width
          inputLine3(
            load(line), load(line + 6 &* width), load(line + 12 &* width), load(line + 18 &* width),
            load(line + 24 &* width), load(line + 30 &* width),
            output + row &* 6 &* elementStride + (tile &+ index) &* tileStride + channel, elementStride)
        }
      }
      channel &+= width
    }
    tile &+= together
  }
}

/// For every tile of a row of tiles, the 4x4 outputs `A^T m A` of its 36 products m, with the end of a fused layer
/// (`finishPixels`).
///
/// - Parameters:
///   - rows: of outputs, at most 4.
///   - columns: of outputs; tiles end there.
///   - channels: of the outputs.
///   - products: of the first tile's first element, laid out as `winogradInput` writes, tiles as many whole vectors of 16 apart as the channels take.
///   - values: the first tile's first output, channels side by side, `rowStride` from row to row; residual and reference alike.
@inline(never)
public func winogradOutput(
  rows: Int, columns: Int, channels: Int, products: UnsafePointer<Float>, elementStride: Int,
  temporary: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Float>, rowStride: Int,
  bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?, reference: UnsafePointer<Float>?, rectifies: Bool,
  slope: Float, lower: Float, upper: Float
) {
  let layer = layerEnd(
    bias: bias, residual: residual, reference: reference, rectifies: rectifies, slope: slope, lower: lower, upper: upper
  )
  let lanes = (channels &+ 15) / 16 &* 16
  let outputs = temporary + 24 &* width
  var first = 0
  while first < columns {
    var channel = 0
    while channel < channels {
      let m = products + first / 4 &* lanes + channel
      for column in 0..<6 {
        let m = m + column &* elementStride
        outputLine3(
          load(m), load(m + 6 &* elementStride), load(m + 12 &* elementStride), load(m + 18 &* elementStride),
          load(m + 24 &* elementStride), load(m + 30 &* elementStride), temporary + column &* width, 6 &* width)
      }
      for row in 0..<4 {
        let line = temporary + row &* 6 &* width
        outputLine3(
          load(line), load(line + width), load(line + 2 &* width), load(line + 3 &* width), load(line + 4 &* width),
          load(line + 5 &* width), outputs + 4 &* row &* width, width)
      }
      finishTile(
        layer, rows, columns &- first < 4 ? columns &- first : 4, channel, channels, outputs, 4, values,
        first &* channels &+ channel, rowStride)
      channel &+= width
    }
    first &+= 4
  }
}
