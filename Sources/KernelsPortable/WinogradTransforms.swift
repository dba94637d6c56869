// F(4x4, 3x3), stride 1: a tile of 4x4 outputs from 6x6 inputs and 36 products. A temporary of 36 vectors is passed in.

/// For every tile of a row of tiles, `V = B^T d B` of its 6x6 inputs d.
///
/// - Parameters:
///   - channels: a multiple of 16.
///   - source: the first tile's first input, channels last, `rowStride` from row to row. Tiles are four pixels apart.
///   - output: of the first tile's first element; the next tile's follow after `tileStride`, the 36 elements are
///     `elementStride` apart.
@inline(never)
public func winogradInput(
  tiles: Int, channels: Int, source: UnsafePointer<Float>, rowStride: Int, output: UnsafeMutablePointer<Float>,
  tileStride: Int, elementStride: Int, temporary: UnsafeMutablePointer<Float>
) {
  for tile in 0..<tiles {
    var channel = 0
    while channel < channels {
      let corner = source + tile &* 4 &* channels + channel
      for column in 0..<6 {
        let pixel = corner + column &* channels
        inputLine3(
          load(pixel), load(pixel + rowStride), load(pixel + 2 &* rowStride), load(pixel + 3 &* rowStride),
          load(pixel + 4 &* rowStride), load(pixel + 5 &* rowStride), temporary + column &* width, 6 &* width)
      }
      for row in 0..<6 {
        let line = temporary + row &* 6 &* width
        inputLine3(
          load(line), load(line + width), load(line + 2 &* width), load(line + 3 &* width), load(line + 4 &* width),
          load(line + 5 &* width), output + row &* 6 &* elementStride + tile &* tileStride + channel, elementStride)
      }
      channel &+= width
    }
  }
}

/// For every tile of a row of tiles, the 4x4 outputs `A^T m A` of its 36 products m.
///
/// - Parameters:
///   - channels: a multiple of 16.
///   - products: of the first tile's first element, laid out as `winogradInput` writes with `channels` from tile to tile.
///   - output: the first tile's first output, channels last, `rowStride` from row to row.
@inline(never)
public func winogradOutput(
  tiles: Int, channels: Int, products: UnsafePointer<Float>, elementStride: Int,
  output: UnsafeMutablePointer<Float>, rowStride: Int, temporary: UnsafeMutablePointer<Float>
) {
  for tile in 0..<tiles {
    var channel = 0
    while channel < channels {
      for column in 0..<6 {
        let m = products + column &* elementStride + tile &* channels + channel
        outputLine3(
          load(m), load(m + 6 &* elementStride), load(m + 12 &* elementStride), load(m + 18 &* elementStride),
          load(m + 24 &* elementStride), load(m + 30 &* elementStride), temporary + column &* width, 6 &* width)
      }
      for row in 0..<4 {
        let line = temporary + row &* 6 &* width
        outputLine3(
          load(line), load(line + width), load(line + 2 &* width), load(line + 3 &* width), load(line + 4 &* width),
          load(line + 5 &* width), output + row &* rowStride + tile &* 4 &* channels + channel, channels)
      }
      channel &+= width
    }
  }
}
