// Functions of the normal distribution; Phi is its cumulative one, phi its density.

/// The error function.
@inline(never)
public func errorFunction(_ count: Int, _ source: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>) {
  forEachVector(count, source, output, errorFunction)
}

@inline(__always)
private func errorFunction(_ x: Vector) -> Vector {
  let a = limited(magnitude(x), 4)
  // Up to 1: a + a R(a^2), to 2e-9.
  let square = a * a
  var r = accumulated(repeated(0x1.4771fcp-14), square, -0x1.a3515ep-11)
  r = accumulated(r, square, 0x1.53f224p-8)
  r = accumulated(r, square, -0x1.b7f71ap-6)
  r = accumulated(r, square, 0x1.ce2ce6p-4)
  r = accumulated(r, square, -0x1.81273ep-2)
  r = accumulated(r, square, 0x1.06eba8p-3)
  // Up to 4, where it is 1: 1 - e^p(a), to 2e-9.
  var p = accumulated(repeated(0x1.8bfd8p-13), a, -0x1.859a0cp-9)
  p = accumulated(p, a, 0x1.67788p-6)
  p = accumulated(p, a, -0x1.a73a68p-4)
  p = accumulated(p, a, -0x1.4698a2p-1)
  p = accumulated(p, a, -0x1.20938cp+0)
  p = accumulated(p, a, -0x1.3b07f2p-12)
  let outside = repeated(1) - exponentialNear0(p)
  let value = accumulated(a, r, a).replacing(with: outside, where: (a - repeated(1)) .> Vector.zero)
  return signed(value, like: x)
}

/// x Phi(x).
@inline(never)
public func gelu(_ count: Int, _ source: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>) {
  forEachVector(count, source, output, upTo: 9, nearGELU, otherwise: gelu)
}

@inline(__always)
private func gelu(_ x: Vector) -> Vector {
  let a = limited(magnitude(x), 14.6)
  let e = bell(a)
  return gelu(x, a, a * numerator(a) / (denominator(a) * e.value) * e.underflow)
}

/// Without what is for the underflow of Phi(-|x|).
@inline(__always)
private func nearGELU(_ x: Vector) -> Vector {
  let a = magnitude(x)
  return gelu(x, a, a * numerator(a) / (denominator(a) * nearBell(a)))
}

/// - Parameter tail: |x| Phi(-|x|).
@inline(__always)
private func gelu(_ x: Vector, _ a: Vector, _ tail: Vector) -> Vector {
  // Up to 0.75: x / 2 + x^2 R(x^2), to 4e-9.
  let square = a * a
  var r = accumulated(repeated(0x1.9c6cep-14), square, -0x1.342138p-10)
  r = accumulated(r, square, 0x1.46b13p-7)
  r = accumulated(r, square, -0x1.1057b6p-4)
  r = accumulated(r, square, 0x1.988452p-2)
  // Above: max(x, 0) - |x| Phi(-|x|), which cancels nothing where x is negative.
  let value = accumulated(square, r, repeated(0.5) * x).replacing(
    with: positivePart(x) - tail, where: (a - repeated(0.75)) .> Vector.zero)
  return signed(value, like: x)
}

/// The derivative Phi(x) + x phi(x).
@inline(never)
public func geluDerivative(_ count: Int, _ source: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>) {
  forEachVector(count, source, output, geluDerivative)
}

@inline(__always)
private func geluDerivative(_ x: Vector) -> Vector {
  let a = limited(magnitude(x), 14.6)
  // Up to 0.75: 1/2 + x R(x^2), to 5e-9.
  let square = a * a
  var r = accumulated(repeated(0x1.050a42p-10), square, -0x1.347e76p-7)
  r = accumulated(r, square, 0x1.ea0fbp-5)
  r = accumulated(r, square, -0x1.1057c2p-2)
  r = accumulated(r, square, 0x1.988452p-1)
  // Above: Phi(-a) - a phi(a), phi(a) = e^(-a^2 / 2) / sqrt(2 pi).
  let e = bell(a)
  let d = denominator(a)
  let difference = accumulated(a * d, repeated(-0.3989423), numerator(a))
  let outside = mirrored(difference / (d * e.value) * e.underflow, x)
  return accumulated(x, r, 0.5).replacing(with: outside, where: (a - repeated(0.75)) .> Vector.zero)
}

/// e to the a^2 / 2.
@inline(__always)
private func bell(_ a: Vector) -> Exponential {
  // A rounded square would cost as many units in the last place as it is large; that of a's upper half is exact.
  let upper = unsafeBitCast(unsafeBitCast(a, to: Integers.self) & Integers(repeating: ~0xfff), to: Vector.self)
  let half = repeated(0.5)
  return exponential(half * a * a, high: half * upper * upper, low: half * (a - upper) * (a + upper))
}

/// The same up to 9.
@inline(__always)
private func nearBell(_ a: Vector) -> Vector {
  let upper = unsafeBitCast(unsafeBitCast(a, to: Integers.self) & Integers(repeating: ~0xfff), to: Vector.self)
  let half = repeated(0.5)
  return exponentialNear0(half * a * a, high: half * upper * upper, low: half * (a - upper) * (a + upper))
}

// Phi(-a) = numerator(a) / denominator(a) e^(-a^2 / 2), to 1.1e-8 for a from 0 to 14.6. All terms are positive: nothing cancels.

@inline(__always)
private func numerator(_ a: Vector) -> Vector {
  var n = accumulated(repeated(0x1.0d12ap-8), a, 0x1.4c45fap-5)
  n = accumulated(n, a, 0x1.76d13cp-3)
  n = accumulated(n, a, 0x1.c0819ep-2)
  return accumulated(n, a, 0.5)
}

@inline(__always)
private func denominator(_ a: Vector) -> Vector {
  var d = accumulated(repeated(0x1.513a8cp-7), a, 0x1.a0783ep-4)
  d = accumulated(d, a, 0x1.e025a6p-2)
  d = accumulated(d, a, 0x1.339b28p+0)
  d = accumulated(d, a, 0x1.ac82fep+0)
  return accumulated(d, a, 1)
}
