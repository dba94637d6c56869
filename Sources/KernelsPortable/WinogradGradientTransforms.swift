// The adjoints of `winogradOutput` and `winogradStridedOutput`: what a tile of an output's gradient is to the products of its
// elements. The gradient of the weights is a sum over tiles of products of these with the transformed inputs.

/// `A y` of F(4, 3), written `stride` apart: the transpose of `outputLine3`.
@inline(__always)
private func gradientLine3(
  _ y0: Vector, _ y1: Vector, _ y2: Vector, _ y3: Vector, _ output: UnsafeMutablePointer<Float>, _ stride: Int
) {
  let (a, b) = (Float(0.75), Float(1.5))
  let (even0, odd0) = (plus(y0, a * a, y2), repeated(a) * plus(y1, a * a, y3))
  let (even1, odd1) = (plus(y0, b * b, y2), repeated(b) * plus(y1, b * b, y3))
  store(y0, output)
  store(even0 + odd0, output + stride)
  store(even0 - odd0, output + 2 &* stride)
  store(even1 + odd1, output + 3 &* stride)
  store(even1 - odd1, output + 4 &* stride)
  store(y3, output + 5 &* stride)
}

/// Both parts of a stride of 2, written `stride` apart: the middle tap's as they are, then the transpose of `outputLine2`.
@inline(__always)
private func gradientLine2(
  _ y0: Vector, _ y1: Vector, _ y2: Vector, _ y3: Vector, _ output: UnsafeMutablePointer<Float>, _ stride: Int
) {
  let (a, b) = (Float(0.5), Float(1.25))
  let (even0, odd0) = (plus(y0, a * a, y2), repeated(a) * plus(y1, a * a, y3))
  let (even1, odd1) = (plus(y0, b * b, y2), repeated(b) * plus(y1, b * b, y3))
  store(y0, output)
  store(y1, output + stride)
  store(y2, output + 2 &* stride)
  store(y3, output + 3 &* stride)
  store(even0 + odd0, output + 4 &* stride)
  store(even0 - odd0, output + 5 &* stride)
  store(even1 + odd1, output + 6 &* stride)
  store(even1 - odd1, output + 7 &* stride)
  store(y3, output + 8 &* stride)
}

/// For every tile of a row of tiles, `A y A^T` of its 4x4 gradients y.
///
/// - Parameters: as of `winogradInput`; `rows` are four, `temporary` holds 24 vectors.
@inline(never)
public func winogradGradient(
  tiles: Int, channels: Int, rows: UnsafePointer<UnsafePointer<Float>>, firstColumn: Int, columns: Int,
  output: UnsafeMutablePointer<Float>, tileStride: Int, elementStride: Int, temporary: UnsafeMutablePointer<Float>
) {
  let (r0, r1, r2, r3) = (rows[0], rows[1], rows[2], rows[3])
  for tile in 0..<tiles {
    var channel = 0
    while channel < channels {
      for column in 0..<4 {
        let x = firstColumn &+ 4 &* tile &+ column
        guard x >= 0, x < columns else {
          for element in 0..<6 { store(.zero, temporary + (4 &* element &+ column) &* width) }
          continue
        }
        let place = x &* channels &+ channel
        gradientLine3(
          load(r0 + place), load(r1 + place), load(r2 + place), load(r3 + place), temporary + column &* width,
          4 &* width)
      }
      for row in 0..<6 {
        let line = temporary + row &* 4 &* width
        gradientLine3(
          load(line), load(line + width), load(line + 2 &* width), load(line + 3 &* width),
          output + row &* 6 &* elementStride + tile &* tileStride + channel, elementStride)
      }
      channel &+= width
    }
  }
}

/// The same of a stride of 2: the 81 elements of 4x4 gradients. `temporary` holds 36 vectors.
@inline(never)
public func winogradStridedGradient(
  tiles: Int, channels: Int, rows: UnsafePointer<UnsafePointer<Float>>, firstColumn: Int, columns: Int,
  output: UnsafeMutablePointer<Float>, tileStride: Int, elementStride: Int, temporary: UnsafeMutablePointer<Float>
) {
  let (r0, r1, r2, r3) = (rows[0], rows[1], rows[2], rows[3])
  for tile in 0..<tiles {
    var channel = 0
    while channel < channels {
      for column in 0..<4 {
        let x = firstColumn &+ 4 &* tile &+ column
        guard x >= 0, x < columns else {
          for element in 0..<9 { store(.zero, temporary + (4 &* element &+ column) &* width) }
          continue
        }
        let place = x &* channels &+ channel
        gradientLine2(
          load(r0 + place), load(r1 + place), load(r2 + place), load(r3 + place), temporary + column &* width,
          4 &* width)
      }
      for row in 0..<9 {
        let line = temporary + row &* 4 &* width
        gradientLine2(
          load(line), load(line + width), load(line + 2 &* width), load(line + 3 &* width),
          output + row &* 9 &* elementStride + tile &* tileStride + channel, elementStride)
      }
      channel &+= width
    }
  }
}

/// For every channel, the 3x3 weights `G^T m G` of its 36 sums m, of 16 lanes each.
///
/// - Parameters:
///   - copies: of the sums, `copyStride` apart, that are added in their order.
///   - sums: of the first channel's first element; the next channel's are `channelStride` on, the 36 elements `elementStride`
///     apart.
///   - coefficients: `G`, `[6][3]`.
///   - output: `[channels][9][16]`.
///   - temporary: 18 vectors.
@inline(never)
public func winogradWeights(
  channels: Int, copies: Int, copyStride: Int, sums: UnsafePointer<Float>, channelStride: Int, elementStride: Int,
  coefficients: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, temporary: UnsafeMutablePointer<Float>
) {
  for channel in 0..<channels {
    var lane = 0
    while lane < 16 {
      let first = sums + channel &* channelStride + lane
      let target = output + channel &* 144 + lane
      for column in 0..<6 {
        var t0 = Vector.zero, t1 = Vector.zero, t2 = Vector.zero
        for row in 0..<6 {
          let element = first + (row &* 6 &+ column) &* elementStride
          var sum = load(element)
          var copy = 1
          while copy < copies {
            sum += load(element + copy &* copyStride)
            copy &+= 1
          }
          let factors = coefficients + 3 &* row
          accumulate(repeated(factors[0]), sum, &t0)
          accumulate(repeated(factors[1]), sum, &t1)
          accumulate(repeated(factors[2]), sum, &t2)
        }
        store(t0, temporary + column &* width)
        store(t1, temporary + (6 &+ column) &* width)
        store(t2, temporary + (12 &+ column) &* width)
      }
      for row in 0..<3 {
        var w0 = Vector.zero, w1 = Vector.zero, w2 = Vector.zero
        for column in 0..<6 {
          let t = load(temporary + (row &* 6 &+ column) &* width)
          let factors = coefficients + 3 &* column
          accumulate(repeated(factors[0]), t, &w0)
          accumulate(repeated(factors[1]), t, &w1)
          accumulate(repeated(factors[2]), t, &w2)
        }
        store(w0, target + row &* 48)
        store(w1, target + row &* 48 + 16)
        store(w2, target + row &* 48 + 32)
      }
      lane &+= width
    }
  }
}
