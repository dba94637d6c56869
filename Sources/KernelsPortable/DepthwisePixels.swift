/// `activation(sum over terms t of weights[t][c] * source[p][offsets[t] + c] + bias + residual)`: pixels of one row of a depthwise
/// convolution whose channels lie side by side, read and written in place. Each output is summed in the order of the terms.
///
/// - Parameters:
///   - channels: at least the vector's width.
///   - terms: at most `longestSum`.
///   - weights: those of a term are `weightOffsets[t]` further on.
///   - source: pixels `sourceStride` apart.
///   - tile: 128 numbers of memory of its own.
///   - values: pixels `stride` apart, like those of residual and reference.
@inline(never)
public func depthwisePixels(
  pixels: Int, channels: Int, terms: Int, weights: UnsafePointer<Float>, weightOffsets: UnsafePointer<Int>,
  source: UnsafePointer<Float>, offsets: UnsafePointer<Int>, sourceStride: Int, tile: UnsafeMutablePointer<Float>,
  values: UnsafeMutablePointer<Float>, stride: Int, bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?,
  reference: UnsafePointer<Float>?, rectifies: Bool, slope: Float, lower: Float, upper: Float
) {
  let layer = layerEnd(
    bias: bias, residual: residual, reference: reference, rectifies: rectifies, slope: slope, lower: lower, upper: upper
  )
  var pixel = 0
  while pixel < pixels {
    let count = pixels &- pixel >= 8 ? 8 : pixels &- pixel >= 4 ? 4 : 1
    var channel = 0
    while channel < channels {
      let isWhole = channel &+ width <= channels
      // Channels that do not fill a vector are the end of one with those before them.
      let first = isWhole ? channel : channels &- width
      var place = pixel &* stride &+ first
      let own = biases(layer, first, width)
      let (filters, lines) = (weights + first, source + (pixel &* sourceStride &+ first))
      // The ends are spelled out, see `FinishedProduct`.
      let isLimited = isWhole && layer.way <= limitedEnd
      let isGated = isWhole && layer.way == gatedEnd
      if count == 8 {
        let sums = eightPixels(terms, filters, weightOffsets, lines, offsets, sourceStride)
        if isLimited {
          store(limited(layer, sums.a, own, place, width), values + place)
          place &+= stride
          store(limited(layer, sums.b, own, place, width), values + place)
          place &+= stride
          store(limited(layer, sums.c, own, place, width), values + place)
          place &+= stride
          store(limited(layer, sums.d, own, place, width), values + place)
          place &+= stride
          store(limited(layer, sums.e, own, place, width), values + place)
          place &+= stride
          store(limited(layer, sums.f, own, place, width), values + place)
          place &+= stride
          store(limited(layer, sums.g, own, place, width), values + place)
          place &+= stride
          store(limited(layer, sums.h, own, place, width), values + place)
        } else if isGated {
          store(gated(layer, sums.a, own, place, width), values + place)
          place &+= stride
          store(gated(layer, sums.b, own, place, width), values + place)
          place &+= stride
          store(gated(layer, sums.c, own, place, width), values + place)
          place &+= stride
          store(gated(layer, sums.d, own, place, width), values + place)
          place &+= stride
          store(gated(layer, sums.e, own, place, width), values + place)
          place &+= stride
          store(gated(layer, sums.f, own, place, width), values + place)
          place &+= stride
          store(gated(layer, sums.g, own, place, width), values + place)
          place &+= stride
          store(gated(layer, sums.h, own, place, width), values + place)
        } else {
          store(sums.a, tile)
          store(sums.b, tile + 1 &* width)
          store(sums.c, tile + 2 &* width)
          store(sums.d, tile + 3 &* width)
          store(sums.e, tile + 4 &* width)
          store(sums.f, tile + 5 &* width)
          store(sums.g, tile + 6 &* width)
          store(sums.h, tile + 7 &* width)
        }
      } else if count == 4 {
        let sums = fourPixels(terms, filters, weightOffsets, lines, offsets, sourceStride)
        if isLimited {
          store(limited(layer, sums.a, own, place, width), values + place)
          place &+= stride
          store(limited(layer, sums.b, own, place, width), values + place)
          place &+= stride
          store(limited(layer, sums.c, own, place, width), values + place)
          place &+= stride
          store(limited(layer, sums.d, own, place, width), values + place)
        } else if isGated {
          store(gated(layer, sums.a, own, place, width), values + place)
          place &+= stride
          store(gated(layer, sums.b, own, place, width), values + place)
          place &+= stride
          store(gated(layer, sums.c, own, place, width), values + place)
          place &+= stride
          store(gated(layer, sums.d, own, place, width), values + place)
        } else {
          store(sums.a, tile)
          store(sums.b, tile + 1 &* width)
          store(sums.c, tile + 2 &* width)
          store(sums.d, tile + 3 &* width)
        }
      } else {
        var sum = Vector.zero
        for term in 0..<terms { accumulate(load(filters + weightOffsets[term]), load(lines + offsets[term]), &sum) }
        if isLimited {
          store(limited(layer, sum, own, place, width), values + place)
        } else if isGated {
          store(gated(layer, sum, own, place, width), values + place)
        } else {
          store(sum, tile)
        }
      }
      if !isLimited, !isGated {
        let rest = isWhole ? width : channels &- channel
        finishSums(
          layer, count, channel, rest, tile + (channel &- first), width, values, pixel &* stride &+ channel, stride)
      }
      channel &+= width
    }
    pixel &+= count
  }
}

/// The sums of eight pixels, a vector of channels of each.
@inline(__always)
private func eightPixels(
  _ terms: Int, _ weights: UnsafePointer<Float>, _ weightOffsets: UnsafePointer<Int>, _ source: UnsafePointer<Float>,
  _ offsets: UnsafePointer<Int>, _ stride: Int
) -> (a: Vector, b: Vector, c: Vector, d: Vector, e: Vector, f: Vector, g: Vector, h: Vector) {
  var a = Vector.zero, b = Vector.zero, c = Vector.zero, d = Vector.zero
  var e = Vector.zero, f = Vector.zero, g = Vector.zero, h = Vector.zero
  let (two, four, six) = (2 &* stride, 4 &* stride, 6 &* stride)
  var term = 0
  while term < terms {
    let weight = load(weights + weightOffsets[term])
    let pixel = source + offsets[term]
    accumulate(weight, load(pixel), &a)
    accumulate(weight, load(pixel + stride), &b)
    accumulate(weight, load(pixel + two), &c)
    accumulate(weight, load(pixel + (two &+ stride)), &d)
    accumulate(weight, load(pixel + four), &e)
    accumulate(weight, load(pixel + (four &+ stride)), &f)
    accumulate(weight, load(pixel + six), &g)
    accumulate(weight, load(pixel + (six &+ stride)), &h)
    term &+= 1
  }
  return (a, b, c, d, e, f, g, h)
}

/// The sums of four pixels, a vector of channels of each.
@inline(__always)
private func fourPixels(
  _ terms: Int, _ weights: UnsafePointer<Float>, _ weightOffsets: UnsafePointer<Int>, _ source: UnsafePointer<Float>,
  _ offsets: UnsafePointer<Int>, _ stride: Int
) -> (a: Vector, b: Vector, c: Vector, d: Vector) {
  var a = Vector.zero, b = Vector.zero, c = Vector.zero, d = Vector.zero
  let two = 2 &* stride
  var term = 0
  while term < terms {
    let weight = load(weights + weightOffsets[term])
    let pixel = source + offsets[term]
    accumulate(weight, load(pixel), &a)
    accumulate(weight, load(pixel + stride), &b)
    accumulate(weight, load(pixel + two), &c)
    accumulate(weight, load(pixel + (two &+ stride)), &d)
    term &+= 1
  }
  return (a, b, c, d)
}
