// What differs between the instruction sets; every other file of the kernel targets is one source for all three.

/// x86-64 processors with AVX-512 (F, VL, BW, DQ, CD).
typealias Vector = SIMD16<Float>

/// `sum + a * b`, rounded once.
@inline(__always)
func accumulate(_ a: Vector, _ b: Vector, _ sum: inout Vector) { sum.addProduct(a, b) }

/// Numbers of double precision that a register holds.
typealias Doubles = SIMD8<Double>

@inline(__always)
func accumulate(_ a: Doubles, _ b: Doubles, _ sum: inout Doubles) { sum.addProduct(a, b) }

/// As many numbers of single precision.
typealias Singles = SIMD8<Float>

@inline(__always)
func doubles(_ x: Singles) -> Doubles {
  Doubles(
    Double(x[0]), Double(x[1]), Double(x[2]), Double(x[3]), Double(x[4]), Double(x[5]),
    Double(x[6]), Double(x[7]))
}

/// As many numbers, brought to double precision.
@inline(__always)
func loadDoubles(_ source: UnsafePointer<Float>) -> Doubles {
  Doubles(
    Double(source[0]), Double(source[1]), Double(source[2]), Double(source[3]), Double(source[4]), Double(source[5]),
    Double(source[6]), Double(source[7]))
}

/// Numbers of double precision, rounded.
@inline(__always)
func storeRounded(_ value: Doubles, _ target: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(target).storeBytes(
    of: SIMD8<Float>(
      Float(value[0]), Float(value[1]), Float(value[2]), Float(value[3]), Float(value[4]), Float(value[5]),
      Float(value[6]), Float(value[7])), as: SIMD8<Float>.self)
}

/// Whether the product and the sum of `accumulate` are rounded once, together.
let fusesProducts = true

/// Whether no number has its sign bit. (The standard library's `all` of a mask is a function that the linker may share.)
@inline(__always)
func areNotNegative(_ numbers: Vector.MaskStorage) -> Bool {
  let parts = unsafeBitCast(numbers, to: SIMD8<Int64>.self)
  let bits = (parts[0] | parts[1] | parts[2] | parts[3]) | (parts[4] | parts[5] | parts[6] | parts[7])
  return bits & Int64(bitPattern: 0x8000_0000_8000_0000) == 0
}

/// Whether 16 sums fit into registers beside their operands.
let hasManyRegisters = true

/// A vector of rows of 8 numbers, `stride` apart.
@inline(__always)
func loadRows8(_ source: UnsafePointer<Float>, _ stride: Int) -> Vector {
  Vector(lowHalf: load8(source), highHalf: load8(source + stride))
}

/// A vector of rows of 4 numbers, `stride` apart.
@inline(__always)
func loadRows4(_ source: UnsafePointer<Float>, _ stride: Int) -> Vector {
  Vector(
    lowHalf: SIMD8(lowHalf: load4(source), highHalf: load4(source + stride)),
    highHalf: SIMD8(lowHalf: load4(source + 2 &* stride), highHalf: load4(source + 3 &* stride)))
}

/// 8 numbers in the first lanes; the others are 0.
@inline(__always)
func loadLow8(_ source: UnsafePointer<Float>) -> Vector { Vector(lowHalf: load8(source), highHalf: .zero) }

@inline(__always)
func storeLow8(_ value: Vector, _ target: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(target).storeBytes(of: value.lowHalf, as: SIMD8<Float>.self)
}

/// 4 numbers in the first lanes; the others are 0.
@inline(__always)
func loadLow4(_ source: UnsafePointer<Float>) -> Vector {
  Vector(lowHalf: SIMD8(lowHalf: load4(source), highHalf: .zero), highHalf: .zero)
}

@inline(__always)
func storeLow4(_ value: Vector, _ target: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(target).storeBytes(of: value.lowHalf.lowHalf, as: SIMD4<Float>.self)
}

@inline(__always)
private func load8(_ pointer: UnsafePointer<Float>) -> SIMD8<Float> {
  UnsafeRawPointer(pointer).loadUnaligned(as: SIMD8<Float>.self)
}

@inline(__always)
private func load4(_ pointer: UnsafePointer<Float>) -> SIMD4<Float> {
  UnsafeRawPointer(pointer).loadUnaligned(as: SIMD4<Float>.self)
}

/// The first, second, third and fourth number of every four, in all places of the four.
@inline(__always)
func fours(_ x: Vector) -> (Vector, Vector, Vector, Vector) { (four(x, 0), four(x, 1), four(x, 2), four(x, 3)) }

@inline(__always)
private func four(_ x: Vector, _ j: Int) -> Vector {
  let (a, b, c, d) = (x[j], x[4 &+ j], x[8 &+ j], x[12 &+ j])
  return Vector(a, a, a, a, b, b, b, b, c, c, c, c, d, d, d, d)
}
