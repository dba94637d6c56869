// Group normalisation. A channel's sum has eight partial sums, position p in number p % 8, so that a plane and channels that lie
// side by side are added up in one order; they are in double precision, and added in theirs.

/// Partial sums of a plane of numbers, `sums[p % 8] += source[p] + offset`; `sums` are eight.
@inline(never)
public func sumPlane(count: Int, source: UnsafePointer<Float>, offset: Float, sums: UnsafeMutablePointer<Double>) {
  var start = 0
  while start < count {
    let lanes = count &- start < 8 ? count &- start : 8
    for lane in 0..<lanes { sums[lane] += Double(source[start &+ lane] + offset) }
    start &+= 8
  }
}

/// Partial sums of the squares of a plane's deviations, `sums[p % 8] += (source[p] + offset - mean)^2`.
@inline(never)
public func squarePlane(
  count: Int, source: UnsafePointer<Float>, offset: Float, mean: Float, sums: UnsafeMutablePointer<Double>
) {
  var start = 0
  while start < count {
    let lanes = count &- start < 8 ? count &- start : 8
    for lane in 0..<lanes {
      let deviation = source[start &+ lane] + offset - mean
      sums[lane] += Double(deviation * deviation)
    }
    start &+= 8
  }
}

/// `output[p] = (source[p] + offset - mean) / deviation * scale + shift`.
@inline(never)
public func normalisePlane(
  count: Int, source: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, offset: Float, mean: Float,
  deviation: Float, scale: Float, shift: Float
) {
  var place = 0
  let (offsets, means, deviations) = (repeated(offset), repeated(mean), repeated(deviation))
  let (scales, shifts) = (repeated(scale), repeated(shift))
  while place &+ width <= count {
    store((load(source + place) + offsets - means) / deviations * scales + shifts, output + place)
    place &+= width
  }
  while place < count {
    output[place] = (source[place] + offset - mean) / deviation * scale + shift
    place &+= 1
  }
}

/// The same of pixels whose channels lie side by side.
///
/// - Parameters:
///   - count: of pixels.
///   - stride: from one pixel to the next.
///   - offset: one number a channel.
///   - sums: eight rows of one number a channel.
@inline(never)
public func sumPixels(
  count: Int, channels: Int, stride: Int, source: UnsafePointer<Float>, offset: UnsafePointer<Float>,
  sums: UnsafeMutablePointer<Double>
) {
  for pixel in 0..<count {
    let (x, row) = (source + pixel &* stride, sums + (pixel & 7) &* channels)
    for channel in 0..<channels { row[channel] += Double(x[channel] + offset[channel]) }
  }
}

/// See `squarePlane` and `sumPixels`.
@inline(never)
public func squarePixels(
  count: Int, channels: Int, stride: Int, source: UnsafePointer<Float>, offset: UnsafePointer<Float>,
  mean: UnsafePointer<Float>, sums: UnsafeMutablePointer<Double>
) {
  for pixel in 0..<count {
    let (x, row) = (source + pixel &* stride, sums + (pixel & 7) &* channels)
    for channel in 0..<channels {
      let deviation = x[channel] + offset[channel] - mean[channel]
      row[channel] += Double(deviation * deviation)
    }
  }
}

/// See `normalisePlane` and `sumPixels`.
///
/// - Parameters:
///   - factors: five rows of one number a channel: offset, mean, deviation, scale, shift.
@inline(never)
public func normalisePixels(
  count: Int, channels: Int, stride: Int, source: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
  factors: UnsafePointer<Float>
) {
  let (offset, mean) = (factors, factors + channels)
  let (deviation, scale, shift) = (factors + 2 &* channels, factors + 3 &* channels, factors + 4 &* channels)
  for pixel in 0..<count {
    let (x, y) = (source + pixel &* stride, output + pixel &* stride)
    var channel = 0
    while channel &+ width <= channels {
      let centred = load(x + channel) + load(offset + channel) - load(mean + channel)
      store(centred / load(deviation + channel) * load(scale + channel) + load(shift + channel), y + channel)
      channel &+= width
    }
    while channel < channels {
      let centred = x[channel] + offset[channel] - mean[channel]
      y[channel] = centred / deviation[channel] * scale[channel] + shift[channel]
      channel &+= 1
    }
  }
}
