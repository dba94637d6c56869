// What differs between the instruction sets; every other file of the kernel targets is one source for all three.

/// x86-64 processors with AVX2 and fused multiply-add.
typealias Vector = SIMD8<Float>

/// `sum + a * b`, rounded once.
@inline(__always)
func accumulate(_ a: Vector, _ b: Vector, _ sum: inout Vector) { sum.addProduct(a, b) }

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

@inline(__always)
private func load4(_ pointer: UnsafePointer<Float>) -> SIMD4<Float> {
  UnsafeRawPointer(pointer).loadUnaligned(as: SIMD4<Float>.self)
}
