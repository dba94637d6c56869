// What the elementwise functions are made of. Their polynomials are fits of this project: the largest weighted error
// minimised by Lawson's iteration, then one coefficient after the other rounded to single precision, the rest refitted.

/// As many 32-bit integers as `Vector` has numbers.
typealias Integers = Vector.MaskStorage

/// `sum + a * b`.
@inline(__always)
func accumulated(_ a: Vector, _ b: Vector, _ sum: Vector) -> Vector {
  var sum = sum
  accumulate(a, b, &sum)
  return sum
}

/// `sum + a * b`, a step of Horner's scheme.
@inline(__always)
func accumulated(_ a: Vector, _ b: Vector, _ sum: Float) -> Vector { accumulated(a, b, repeated(sum)) }

@inline(__always)
func magnitude(_ x: Vector) -> Vector {
  unsafeBitCast(magnitudeBits(x), to: Vector.self)
}

@inline(__always)
private func magnitudeBits(_ x: Vector) -> Integers {
  unsafeBitCast(x, to: Integers.self) & Integers(repeating: 0x7fff_ffff)
}

/// The smaller of x and `limit`; NaN stays. (`pointwiseMin` is generic code.)
@inline(__always)
func limited(_ x: Vector, _ limit: Float) -> Vector {
  x.replacing(with: repeated(limit), where: x .> repeated(limit))
}

/// max(x, 0); 0 for NaN.
@inline(__always)
func positivePart(_ x: Vector) -> Vector { Vector.zero.replacing(with: x, where: x .> Vector.zero) }

/// f(x) from f(-|x|) for functions with f(-x) = 1 - f(x).
@inline(__always)
func mirrored(_ below: Vector, _ x: Vector) -> Vector {
  below.replacing(with: repeated(1) - below, where: x .> Vector.zero)
}

/// With the sign bit of x set where it is set in `sign`.
@inline(__always)
func signed(_ x: Vector, like sign: Vector) -> Vector {
  let bit = unsafeBitCast(sign, to: Integers.self) & Integers(repeating: .min)
  return unsafeBitCast(unsafeBitCast(x, to: Integers.self) | bit, to: Vector.self)
}

/// e to the p, -80 <= p <= 170, as `value / underflow`. `underflow` is 1 up to p = 44 and below it keeps `value` under 1e20, so
/// that a quotient by the value can be made of several factors, and is rounded once when it is multiplied with `underflow` and
/// becomes subnormal or 0. The value's error is below 0.6 units in the last place. NaN gives NaN.
typealias Exponential = (value: Vector, underflow: Vector)

@inline(__always)
func exponential(_ p: Vector) -> Exponential { exponential(p, high: p, low: Vector.zero) }

/// - Parameters: p is rounded, `high + low` are more exact; a product of `high` and a small integer must be exact.
@inline(__always)
func exponential(_ p: Vector, high: Vector, low: Vector) -> Exponential {
  // e^p = 2^n e^r. Adding 1.5 * 2^23 rounds to an integer, which then stands in the lowest bits.
  let shift = repeated(0x1.8p23)
  let n = accumulated(p, repeated(1.442695), shift) - shift
  // log 2 in two parts, n times the first of which is exact.
  var r = accumulated(n, repeated(-0x1.62e4p-1), high)
  r = accumulated(n, repeated(-1.4286068e-6), r) + low
  let rest = exponentialRest(r)
  let bounded = limited(n, 64)
  let power = powerOf2(bounded + shift)
  return (accumulated(rest, power, power), powerOf2(bounded - n + shift))
}

/// `exponential(p).value` for -80 <= p <= 44, the same bits.
@inline(__always)
func exponentialNear0(_ p: Vector) -> Vector {
  let shift = repeated(0x1.8p23)
  let shifted = accumulated(p, repeated(1.442695), shift)
  let n = shifted - shift
  let r = accumulated(n, repeated(-1.4286068e-6), accumulated(n, repeated(-0x1.62e4p-1), p))
  let power = powerOf2(shifted)
  return accumulated(exponentialRest(r), power, power)
}

/// Likewise with the more exact `high + low`.
@inline(__always)
func exponentialNear0(_ p: Vector, high: Vector, low: Vector) -> Vector {
  let shift = repeated(0x1.8p23)
  let shifted = accumulated(p, repeated(1.442695), shift)
  let n = shifted - shift
  let r = accumulated(n, repeated(-1.4286068e-6), accumulated(n, repeated(-0x1.62e4p-1), high)) + low
  let power = powerOf2(shifted)
  return accumulated(exponentialRest(r), power, power)
}

/// e^r - 1 = r + r^2 q(r), to 4e-9 for |r| <= 0.3475.
@inline(__always)
private func exponentialRest(_ r: Vector) -> Vector {
  var q = accumulated(repeated(0x1.6a3fb6p-10), r, 0x1.1239ep-7)
  q = accumulated(q, r, 0x1.5558bep-5)
  q = accumulated(q, r, 0x1.555492p-3)
  q = accumulated(q, r, 0x1.fffffcp-2)
  return accumulated(r * r, q, r)
}

/// 2 to the integer in the lowest bits, -126 to 127.
@inline(__always)
private func powerOf2(_ shifted: Vector) -> Vector {
  let bits = unsafeBitCast(shifted, to: Integers.self) &<< Integers(repeating: 23)
  return unsafeBitCast(bits &+ Integers(repeating: 0x3f80_0000), to: Vector.self)
}

/// `forEachVector` with a function that gives the same bits in less time where numbers are of a magnitude up to `limit`: for four
/// vectors at a time, where all of theirs are.
@inline(__always)
func forEachVector(
  _ count: Int, _ source: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, upTo limit: Float,
  _ near: (Vector) -> Vector, otherwise function: (Vector) -> Vector
) {
  // Magnitudes are in the order of their bits as integers; NaN is above all.
  let limits = unsafeBitCast(repeated(limit), to: Integers.self)
  var index = 0
  while index &+ 4 &* width <= count {
    let (x, y) = (load(source + index), load(source + (index &+ width)))
    let (z, w) = (load(source + (index &+ 2 &* width)), load(source + (index &+ 3 &* width)))
    let room = (limits &- magnitudeBits(x)) | (limits &- magnitudeBits(y))
    if areNotNegative(room | (limits &- magnitudeBits(z)) | (limits &- magnitudeBits(w))) {
      store(near(x), output + index)
      store(near(y), output + (index &+ width))
      store(near(z), output + (index &+ 2 &* width))
      store(near(w), output + (index &+ 3 &* width))
    } else {
      forEachVector(4 &* width, source + index, output + index, function)
    }
    index &+= 4 &* width
  }
  forEachVector(count &- index, source + index, output + index, function)
}

/// Applies a function to `count` numbers; `output` may be `source`. What does not fill a vector is padded, so that no number's
/// result depends on its place.
@inline(__always)
func forEachVector(
  _ count: Int, _ source: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ function: (Vector) -> Vector
) {
  var index = 0
  while index &+ width <= count {
    store(function(load(source + index)), output + index)
    index &+= width
  }
  if index < count {
    var padded = Vector.zero
    for lane in 0..<count &- index { padded[lane] = source[index &+ lane] }
    padded = function(padded)
    for lane in 0..<count &- index { output[index &+ lane] = padded[lane] }
  }
}
