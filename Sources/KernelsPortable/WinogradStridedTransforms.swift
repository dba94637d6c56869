// A 3x3 convolution of stride 2, and its transpose: 81 products for every 4x4 outputs (of the transpose: 8x8) instead of 144.
// Along each axis elements 0 to 3 belong to the middle tap, 4 to 8 to F(4, 2) of the outer taps; element (i, j) has the number
// 9 * i + j. A temporary of 81 vectors is passed in. Otherwise as `winogradInput` and `winogradOutput`.

/// From tiles of 9x9 inputs, eight pixels apart.
@inline(never)
public func winogradStridedInput(
  tiles: Int, channels: Int, source: UnsafePointer<Float>, rowStride: Int, output: UnsafeMutablePointer<Float>,
  tileStride: Int, elementStride: Int, temporary: UnsafeMutablePointer<Float>
) {
  for tile in 0..<tiles {
    var channel = 0
    while channel < channels {
      let corner = source + tile &* 8 &* channels + channel
      for column in 0..<9 {
        let pixel = corner + column &* channels
        let element = temporary + column &* width
        store(load(pixel + rowStride), element)
        store(load(pixel + 3 &* rowStride), element + 9 &* width)
        store(load(pixel + 5 &* rowStride), element + 18 &* width)
        store(load(pixel + 7 &* rowStride), element + 27 &* width)
        inputLine2(
          load(pixel), load(pixel + 2 &* rowStride), load(pixel + 4 &* rowStride), load(pixel + 6 &* rowStride),
          load(pixel + 8 &* rowStride),
          element + 36 &* width, 9 &* width)
      }
      for row in 0..<9 {
        let line = temporary + row &* 9 &* width
        let element = output + row &* 9 &* elementStride + tile &* tileStride + channel
        store(load(line + 1 &* width), element)
        store(load(line + 3 &* width), element + elementStride)
        store(load(line + 5 &* width), element + 2 &* elementStride)
        store(load(line + 7 &* width), element + 3 &* elementStride)
        inputLine2(
          load(line), load(line + 2 &* width), load(line + 4 &* width), load(line + 6 &* width),
          load(line + 8 &* width),
          element + 4 &* elementStride, elementStride)
      }
      channel &+= width
    }
  }
}

/// From tiles of 5x5 inputs, four pixels apart.
@inline(never)
public func winogradSpreadInput(
  tiles: Int, channels: Int, source: UnsafePointer<Float>, rowStride: Int, output: UnsafeMutablePointer<Float>,
  elementStride: Int, temporary: UnsafeMutablePointer<Float>
) {
  for tile in 0..<tiles {
    var channel = 0
    while channel < channels {
      let corner = source + tile &* 4 &* channels + channel
      for column in 0..<5 {
        let pixel = corner + column &* channels
        let element = temporary + column &* width
        store(load(pixel), element)
        store(load(pixel + rowStride), element + 9 &* width)
        store(load(pixel + 2 &* rowStride), element + 18 &* width)
        store(load(pixel + 3 &* rowStride), element + 27 &* width)
        inputLine2(
          load(pixel), load(pixel + rowStride), load(pixel + 2 &* rowStride), load(pixel + 3 &* rowStride),
          load(pixel + 4 &* rowStride),
          element + 36 &* width, 9 &* width)
      }
      for row in 0..<9 {
        let line = temporary + row &* 9 &* width
        let element = output + row &* 9 &* elementStride + tile &* channels + channel
        store(load(line), element)
        store(load(line + 1 &* width), element + elementStride)
        store(load(line + 2 &* width), element + 2 &* elementStride)
        store(load(line + 3 &* width), element + 3 &* elementStride)
        inputLine2(
          load(line), load(line + 1 &* width), load(line + 2 &* width), load(line + 3 &* width),
          load(line + 4 &* width),
          element + 4 &* elementStride, elementStride)
      }
      channel &+= width
    }
  }
}

/// To tiles of 4x4 outputs.
@inline(never)
public func winogradStridedOutput(
  tiles: Int, channels: Int, products: UnsafePointer<Float>, elementStride: Int,
  output: UnsafeMutablePointer<Float>, rowStride: Int, temporary: UnsafeMutablePointer<Float>
) {
  for tile in 0..<tiles {
    var channel = 0
    while channel < channels {
      for column in 0..<9 {
        let m = products + column &* elementStride + tile &* channels + channel
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
        let pixel = output + row &* rowStride + tile &* 4 &* channels + channel
        let y = outputLine2(
          load(line + 4 &* width), load(line + 5 &* width), load(line + 6 &* width), load(line + 7 &* width),
          load(line + 8 &* width))
        store(y.0 + load(line), pixel)
        store(y.1 + load(line + 1 &* width), pixel + channels)
        store(y.2 + load(line + 2 &* width), pixel + 2 &* channels)
        store(y.3 + load(line + 3 &* width), pixel + 3 &* channels)
      }
      channel &+= width
    }
  }
}

/// To tiles of 8x8 outputs.
@inline(never)
public func winogradSpreadOutput(
  tiles: Int, channels: Int, products: UnsafePointer<Float>, elementStride: Int,
  output: UnsafeMutablePointer<Float>, rowStride: Int, temporary: UnsafeMutablePointer<Float>
) {
  for tile in 0..<tiles {
    var channel = 0
    while channel < channels {
      for column in 0..<9 {
        let m = products + column &* elementStride + tile &* channels + channel
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
        let pixel = output + row &* rowStride + tile &* 8 &* channels + channel
        let y = outputLine2(
          load(line + 4 &* width), load(line + 5 &* width), load(line + 6 &* width), load(line + 7 &* width),
          load(line + 8 &* width))
        store(load(line), pixel)
        store(y.0, pixel + channels)
        store(load(line + 1 &* width), pixel + 2 &* channels)
        store(y.1, pixel + 3 &* channels)
        store(load(line + 2 &* width), pixel + 4 &* channels)
        store(y.2, pixel + 5 &* channels)
        store(load(line + 3 &* width), pixel + 6 &* channels)
        store(y.3, pixel + 7 &* channels)
      }
      channel &+= width
    }
  }
}
