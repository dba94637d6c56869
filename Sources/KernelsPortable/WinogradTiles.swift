// What the transforms of all of Winograd's short convolutions share.

/// Tiles of a row whose columns are transformed together: neighbours share those that both read.
let tilesTogether = 4

/// Zeros in so many vectors.
@inline(__always)
func clear(_ line: UnsafeMutablePointer<Float>, _ vectors: Int) {
  for vector in 0..<vectors { store(.zero, line + vector &* width) }
}

/// Finishes a tile's outputs of one vector of channels, as `finishSums` does.
///
/// - Parameters:
///   - rows: to write.
///   - columns: to write.
///   - channel: the first one.
///   - channels: of the outputs; the last vector may have fewer.
///   - sums: vectors, rows of `side`.
///   - place: of the first value.
///   - rowStride: from one row of values to the next.
@inline(never)
func finishTile(
  _ layer: LayerEnd, _ rows: Int, _ columns: Int, _ channel: Int, _ channels: Int, _ sums: UnsafePointer<Float>,
  _ side: Int, _ values: UnsafeMutablePointer<Float>, _ place: Int, _ rowStride: Int
) {
  let lanes = channels &- channel < width ? channels &- channel : width
  var row = 0
  if lanes < width || layer.way != plainEnd && layer.way != limitedEnd && layer.way != gatedEnd {
    while row < rows {
      finishSums(
        layer, columns, channel, lanes, sums + row &* side &* width, width, values, place &+ row &* rowStride, channels)
      row &+= 1
    }
    return
  }
  let bias = biases(layer, channel, width)
  if layer.way == gatedEnd {
    while row < rows {
      let line = sums + row &* side &* width
      var place = place &+ row &* rowStride
      var column = 0
      while column < columns {
        store(gated(layer, load(line + column &* width), bias, place, width), values + place)
        place &+= channels
        column &+= 1
      }
      row &+= 1
    }
  } else {
    while row < rows {
      let line = sums + row &* side &* width
      var place = place &+ row &* rowStride
      var column = 0
      while column < columns {
        store(limited(layer, load(line + column &* width), bias, place, width), values + place)
        place &+= channels
        column &+= 1
      }
      row &+= 1
    }
  }
}
