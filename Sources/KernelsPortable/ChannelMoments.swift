// Sums over the positions of channels: of two tensors' numbers relative to an origin each, and of their products. A plane and
// channels that lie side by side are added up in one order: by runs of 128 positions, in which each of 16 partial sums has eight
// numbers in single precision, whose sums are added in double precision; what is left of a plane follows number by number.

/// Adds the sums of one plane: `sums` are those of x, of y and of their products.
///
/// - Parameter temporary: 48 numbers.
@inline(never)
public func momentsOfPlane(
  count: Int, x: UnsafePointer<Float>, y: UnsafePointer<Float>, originX: Float, originY: Float,
  sums: UnsafeMutablePointer<Double>, temporary: UnsafeMutablePointer<Float>
) {
  let whole = count &- count % 16
  var start = 0
  while start < whole {
    let end = min(whole, start &+ 128)
    var lane = 0
    while lane < 16 {
      var sumX = Vector.zero, sumY = Vector.zero, products = Vector.zero
      var place = start &+ lane
      while place < end {
        let (a, b) = (load(x + place) - repeated(originX), load(y + place) - repeated(originY))
        sumX += a
        sumY += b
        products += a * b
        place &+= 16
      }
      store(sumX, temporary + lane)
      store(sumY, temporary + (16 &+ lane))
      store(products, temporary + (32 &+ lane))
      lane &+= width
    }
    for number in 0..<3 { sums[number] += total(temporary + number &* 16) }
    start = end
  }
  while start < count {
    let (a, b) = (Double(x[start] - originX), Double(y[start] - originY))
    sums[0] += a
    sums[1] += b
    sums[2] += a * b
    start &+= 1
  }
}

@inline(__always)
private func total(_ lanes: UnsafePointer<Float>) -> Double {
  let a = Double(lanes[0] + lanes[8]) + Double(lanes[4] + lanes[12])
  let b = Double(lanes[1] + lanes[9]) + Double(lanes[5] + lanes[13])
  let c = Double(lanes[2] + lanes[10]) + Double(lanes[6] + lanes[14])
  let d = Double(lanes[3] + lanes[11]) + Double(lanes[7] + lanes[15])
  return (a + c) + (b + d)
}

/// The same of pixels whose channels lie side by side.
///
/// - Parameters:
///   - channels: a multiple of 16, pixels so far apart.
///   - originX, originY: one number a channel.
///   - sums: three rows of one number a channel.
///   - temporary: 96 numbers.
///   - doubles: 192 numbers.
@inline(never)
public func momentsOfPixels(
  pixels: Int, channels: Int, x: UnsafePointer<Float>, y: UnsafePointer<Float>, originX: UnsafePointer<Float>,
  originY: UnsafePointer<Float>, sums: UnsafeMutablePointer<Double>, temporary: UnsafeMutablePointer<Float>,
  doubles: UnsafeMutablePointer<Double>
) {
  let whole = pixels &- pixels % 16
  var channel = 0
  while channel < channels {
    let (u, v, step) = (x + channel, y + channel, 16 &* channels)
    let (u0, v0) = (load(originX + channel), load(originY + channel))
    var start = 0
    while start < whole {
      let count = min(128, whole &- start) / 16
      // Partial sum and the one eight on, then the two between them.
      for lane in 0..<4 {
        let first = (start &+ lane) &* channels
        for pair in 0..<2 {
          let near = first &+ pair &* 4 &* channels
          var a = Vector.zero, b = Vector.zero, c = Vector.zero
          var d = Vector.zero, e = Vector.zero, f = Vector.zero
          var place = near
          for _ in 0..<count {
            let (p, q) = (load(u + place) - u0, load(v + place) - v0)
            a += p
            b += q
            c += p * q
            let far = place &+ 8 &* channels
            let (r, s) = (load(u + far) - u0, load(v + far) - v0)
            d += r
            e += s
            f += r * s
            place &+= step
          }
          let target = temporary + pair &* 3 &* width
          store(a + d, target)
          store(b + e, target + width)
          store(c + f, target + 2 &* width)
        }
        var place = 0
        while place < 3 &* width {
          put(
            loadDoubles(temporary + place) + loadDoubles(temporary + (3 &* width &+ place)),
            doubles + (lane &* 3 &* width &+ place))
          place &+= Doubles.scalarCount
        }
      }
      let row = 3 &* width
      for number in 0..<3 {
        var place = 0
        while place < width {
          let terms = doubles + (number &* width &+ place)
          let target = sums + (number &* channels &+ channel &+ place)
          put(
            get(target) + ((get(terms) + get(terms + 2 &* row)) + (get(terms + row) + get(terms + 3 &* row))), target)
          place &+= Doubles.scalarCount
        }
      }
      start &+= 16 &* count
    }
    while start < pixels {
      let place = start &* channels
      for lane in 0..<width {
        let a = Double(u[place &+ lane] - originX[channel &+ lane])
        let b = Double(v[place &+ lane] - originY[channel &+ lane])
        let target = sums + (channel &+ lane)
        target[0] += a
        target[channels] += b
        target[2 &* channels] += a * b
      }
      start &+= 1
    }
    channel &+= width
  }
}
