// What differs between the instruction sets; every other file of the kernel targets is one source for all three.

/// Any 64-bit processor.
typealias Vector = SIMD4<Float>

/// `sum + a * b`. Processors of this class may lack a fused instruction.
@inline(__always)
func accumulate(_ a: Vector, _ b: Vector, _ sum: inout Vector) { sum += a * b }

/// Whether 16 sums fit into registers beside their operands.
let hasManyRegisters = false

/// A vector of rows of 8 numbers, `stride` apart; never called, as the vector holds half of one.
@inline(__always)
func loadRows8(_ source: UnsafePointer<Float>, _ stride: Int) -> Vector { load(source) }

/// A vector of rows of 4 numbers, `stride` apart.
@inline(__always)
func loadRows4(_ source: UnsafePointer<Float>, _ stride: Int) -> Vector { load(source) }
