// Functions of the logistic function 1 / (1 + e^-x). Each is made of its tail 1 / (1 + e^a), a = |x|, which keeps all its
// digits for negative x; x beyond the tail's underflow is limited to it. Where x is near enough that the tail is far from that, a
// function of its own, `near...`, leaves out what is for it.

/// 1 / (1 + e to the -x).
@inline(never)
public func sigmoid(_ count: Int, _ source: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>) {
  forEachVector(count, source, output, upTo: 44, nearSigmoid, otherwise: sigmoid)
}

@inline(__always)
private func sigmoid(_ x: Vector) -> Vector {
  let (e, underflow) = exponential(limited(magnitude(x), 110))
  return mirrored(underflow / (repeated(1) + e), x)
}

@inline(__always)
private func nearSigmoid(_ x: Vector) -> Vector {
  mirrored(repeated(1) / (repeated(1) + exponentialNear0(magnitude(x))), x)
}

/// x / (1 + e to the -x).
@inline(never)
public func silu(_ count: Int, _ source: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>) {
  forEachVector(count, source, output, upTo: 44, nearSiLU, otherwise: silu)
}

@inline(__always)
private func silu(_ x: Vector) -> Vector {
  let a = limited(magnitude(x), 120)
  return rectified(x, a, exponential(a))
}

@inline(__always)
private func nearSiLU(_ x: Vector) -> Vector {
  let a = magnitude(x)
  return nearRectified(x, a, exponentialNear0(a))
}

/// The derivative of x / (1 + e to the -x).
@inline(never)
public func siluDerivative(_ count: Int, _ source: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>) {
  forEachVector(count, source, output, upTo: 44, nearSiLUDerivative, otherwise: siluDerivative)
}

@inline(__always)
private func siluDerivative(_ x: Vector) -> Vector {
  let a = limited(magnitude(x), 120)
  return slope(x, a, exponential(a))
}

@inline(__always)
private func nearSiLUDerivative(_ x: Vector) -> Vector {
  let a = magnitude(x)
  return nearSlope(x, a, exponentialNear0(a))
}

/// x / (1 + e to the -v(x)), v = 2 sqrt(2 / pi) (x + 0.044715 x^3): x (1 + tanh(v / 2)) / 2, GELU's tanh approximation.
@inline(never)
public func geluTanh(_ count: Int, _ source: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>) {
  forEachVector(count, source, output, upTo: 7, nearGELUTanh, otherwise: geluTanh)
}

@inline(__always)
private func geluTanh(_ x: Vector) -> Vector {
  let a = limited(magnitude(x), 11)
  return rectified(x, a, exponential(a * accumulated(a * a, repeated(cubic), linear)))
}

@inline(__always)
private func nearGELUTanh(_ x: Vector) -> Vector {
  let a = magnitude(x)
  return nearRectified(x, a, exponentialNear0(a * accumulated(a * a, repeated(cubic), linear)))
}

/// The derivative of `geluTanh`.
@inline(never)
public func geluTanhDerivative(_ count: Int, _ source: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>) {
  forEachVector(count, source, output, upTo: 7, nearGELUTanhDerivative, otherwise: geluTanhDerivative)
}

@inline(__always)
private func geluTanhDerivative(_ x: Vector) -> Vector {
  let a = limited(magnitude(x), 11)
  let square = a * a
  let bend = a * accumulated(square, repeated(3 * cubic), linear)
  return slope(x, bend, exponential(a * accumulated(square, repeated(cubic), linear)))
}

@inline(__always)
private func nearGELUTanhDerivative(_ x: Vector) -> Vector {
  let a = magnitude(x)
  let square = a * a
  let bend = a * accumulated(square, repeated(3 * cubic), linear)
  return nearSlope(x, bend, exponentialNear0(a * accumulated(square, repeated(cubic), linear)))
}

/// 2 sqrt(2 / pi), and 0.044715 times it.
private let linear: Float = 1.5957691
private let cubic: Float = 0.071354816

/// tanh x.
@inline(never)
public func hyperbolicTangent(_ count: Int, _ source: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>) {
  forEachVector(count, source, output, hyperbolicTangent)
}

@inline(__always)
private func hyperbolicTangent(_ x: Vector) -> Vector {
  let a = limited(magnitude(x), 10)
  // Up to 0.6: a + a^3 P(a^2), to 3e-9.
  let square = a * a
  var p = accumulated(repeated(-0x1.82721cp-8), square, 0x1.54c0dap-6)
  p = accumulated(p, square, -0x1.b89a8ap-5)
  p = accumulated(p, square, 0x1.1109bep-3)
  p = accumulated(p, square, -0x1.55553ep-2)
  // Above: 1 - 2 / (1 + e^2a).
  let outside = repeated(1) - repeated(2) / (repeated(1) + exponentialNear0(a + a))
  let value = accumulated(a * square, p, a).replacing(with: outside, where: (a - repeated(0.6)) .> Vector.zero)
  return signed(value, like: x)
}

/// max(x, 0) - a / (1 + e): x times the logistic function.
@inline(__always)
private func rectified(_ x: Vector, _ a: Vector, _ e: Exponential) -> Vector {
  signed(positivePart(x) - a / (repeated(1) + e.value) * e.underflow, like: x)
}

@inline(__always)
private func nearRectified(_ x: Vector, _ a: Vector, _ e: Vector) -> Vector {
  signed(positivePart(x) - a / (repeated(1) + e), like: x)
}

/// The derivative s + x s (1 - s) v' of x times s, the logistic function of v, from b = |x| v'.
@inline(__always)
private func slope(_ x: Vector, _ b: Vector, _ e: Exponential) -> Vector {
  let tail = repeated(1) / (repeated(1) + e.value)
  return mirrored((tail - b * (tail - tail * tail)) * e.underflow, x)
}

@inline(__always)
private func nearSlope(_ x: Vector, _ b: Vector, _ e: Vector) -> Vector {
  let tail = repeated(1) / (repeated(1) + e)
  return mirrored(tail - b * (tail - tail * tail), x)
}
