// What differs between the instruction sets; every other file of the kernel targets is one source for all three.

/// x86-64 processors with AVX2 and fused multiply-add.
typealias Vector = SIMD8<Float>

/// `sum + a * b`, rounded once.
@inline(__always)
func accumulate(_ a: Vector, _ b: Vector, _ sum: inout Vector) { sum.addProduct(a, b) }

/// Numbers of double precision that a register holds.
typealias Doubles = SIMD4<Double>

@inline(__always)
func accumulate(_ a: Doubles, _ b: Doubles, _ sum: inout Doubles) { sum.addProduct(a, b) }

/// As many numbers of single precision.
typealias Singles = SIMD4<Float>

@inline(__always)
func doubles(_ x: Singles) -> Doubles {
  Doubles(Double(x[0]), Double(x[1]), Double(x[2]), Double(x[3]))
}

/// As many numbers, brought to double precision.
@inline(__always)
func loadDoubles(_ source: UnsafePointer<Float>) -> Doubles {
  Doubles(Double(source[0]), Double(source[1]), Double(source[2]), Double(source[3]))
}

/// Numbers of double precision, rounded.
@inline(__always)
func storeRounded(_ value: Doubles, _ target: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(target).storeBytes(
    of: SIMD4<Float>(
      Float(value[0]), Float(value[1]), Float(value[2]), Float(value[3])), as: SIMD4<Float>.self)
}

/// Whether the product and the sum of `accumulate` are rounded once, together.
let fusesProducts = true

/// Whether no number has its sign bit. (The standard library's `all` of a mask is a function that the linker may share.)
@inline(__always)
func areNotNegative(_ numbers: Vector.MaskStorage) -> Bool {
  let parts = unsafeBitCast(numbers, to: SIMD4<Int64>.self)
  let bits = (parts[0] | parts[1]) | (parts[2] | parts[3])
  return bits & Int64(bitPattern: 0x8000_0000_8000_0000) == 0
}

/// Whether 16 sums fit into registers beside their operands.
let hasManyRegisters = false

/// A vector of rows of 8 numbers, `stride` apart.
@inline(__always)
func loadRows8(_ source: UnsafePointer<Float>, _ stride: Int) -> Vector { load(source) }

/// A vector of rows of 4 numbers, `stride` apart.
@inline(__always)
func loadRows4(_ source: UnsafePointer<Float>, _ stride: Int) -> Vector {
  Vector(lowHalf: load4(source), highHalf: load4(source + stride))
}

/// 8 numbers in the first lanes, which are all here.
@inline(__always)
func loadLow8(_ source: UnsafePointer<Float>) -> Vector { load(source) }

@inline(__always)
func storeLow8(_ value: Vector, _ target: UnsafeMutablePointer<Float>) { store(value, target) }

/// 4 numbers in the first lanes; the others are 0.
@inline(__always)
func loadLow4(_ source: UnsafePointer<Float>) -> Vector { Vector(lowHalf: load4(source), highHalf: .zero) }

@inline(__always)
func storeLow4(_ value: Vector, _ target: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(target).storeBytes(of: value.lowHalf, as: SIMD4<Float>.self)
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
  let (a, b) = (x[j], x[4 &+ j])
  return Vector(a, a, a, a, b, b, b, b)
}
