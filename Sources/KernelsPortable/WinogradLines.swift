// The one-dimensional transforms of Winograd's short convolutions (Lavin and Gray, 2016), of lanes that are channels.
//
// F(4, 3), stride 1: points 0, +-3/4, +-3/2 and infinity. They cost what the usual +-1, +-2 do, have exact constants, and a
// fifth of the error.
//
// Stride 2 with a window of 3 splits in two: the middle tap meets every second number alone, and the outer two are an F(4, 2)
// of the others, with points +-1/2, +-5/4 and infinity: 9 products for 4 outputs instead of 12.

/// `x + factor * y`.
@inline(__always)
func plus(_ x: Vector, _ factor: Float, _ y: Vector) -> Vector {
  var sum = x
  accumulate(repeated(factor), y, &sum)
  return sum
}

/// `B^T d` of F(4, 3), written `stride` apart.
@inline(__always)
func inputLine3(
  _ d0: Vector, _ d1: Vector, _ d2: Vector, _ d3: Vector, _ d4: Vector, _ d5: Vector,
  _ output: UnsafeMutablePointer<Float>, _ stride: Int
) {
  let (a, b) = (Float(0.75), Float(1.5))
  let even0 = plus(d4, -b * b, d2)
  let odd0 = repeated(a) * plus(d3, -b * b, d1)
  let even1 = plus(d4, -a * a, d2)
  let odd1 = repeated(b) * plus(d3, -a * a, d1)
  store(plus(plus(d4, -(a * a + b * b), d2), a * a * b * b, d0), output)
  store(even0 + odd0, output + stride)
  store(even0 - odd0, output + 2 &* stride)
  store(even1 + odd1, output + 3 &* stride)
  store(even1 - odd1, output + 4 &* stride)
  store(plus(plus(d5, -(a * a + b * b), d3), a * a * b * b, d1), output + 5 &* stride)
}

/// `A^T m` of F(4, 3), written `stride` apart.
@inline(__always)
func outputLine3(
  _ m0: Vector, _ m1: Vector, _ m2: Vector, _ m3: Vector, _ m4: Vector, _ m5: Vector,
  _ output: UnsafeMutablePointer<Float>, _ stride: Int
) {
  let (a, b) = (Float(0.75), Float(1.5))
  let (even0, odd0) = (m1 + m2, m1 - m2)
  let (even1, odd1) = (m3 + m4, m3 - m4)
  store(m0 + even0 + even1, output)
  store(plus(repeated(a) * odd0, b, odd1), output + stride)
  store(plus(repeated(a * a) * even0, b * b, even1), output + 2 &* stride)
  store(plus(plus(m5, a * a * a, odd0), b * b * b, odd1), output + 3 &* stride)
}

/// `B^T d` of F(4, 2), written `stride` apart.
@inline(__always)
func inputLine2(
  _ d0: Vector, _ d1: Vector, _ d2: Vector, _ d3: Vector, _ d4: Vector, _ output: UnsafeMutablePointer<Float>,
  _ stride: Int
) {
  let (a, b) = (Float(0.5), Float(1.25))
  let even0 = plus(d3, -b * b, d1)
  let odd0 = repeated(a) * plus(d2, -b * b, d0)
  let even1 = plus(d3, -a * a, d1)
  let odd1 = repeated(b) * plus(d2, -a * a, d0)
  store(even0 + odd0, output)
  store(even0 - odd0, output + stride)
  store(even1 + odd1, output + 2 &* stride)
  store(even1 - odd1, output + 3 &* stride)
  store(plus(plus(d4, -(a * a + b * b), d2), a * a * b * b, d0), output + 4 &* stride)
}

/// `A^T m` of F(4, 2).
@inline(__always)
func outputLine2(
  _ m0: Vector, _ m1: Vector, _ m2: Vector, _ m3: Vector, _ m4: Vector
) -> (Vector, Vector, Vector, Vector) {
  let (a, b) = (Float(0.5), Float(1.25))
  let (even0, odd0) = (m0 + m1, m0 - m1)
  let (even1, odd1) = (m2 + m3, m2 - m3)
  return (
    even0 + even1, plus(repeated(a) * odd0, b, odd1), plus(repeated(a * a) * even0, b * b, even1),
    plus(plus(m4, a * a * a, odd0), b * b * b, odd1)
  )
}
