// What differs between the instruction sets; every other file of the kernel targets is one source for all three.

/// Any 64-bit processor.
typealias Vector = SIMD4<Float>

/// `sum + a * b`. Processors of this class may lack a fused instruction.
@inline(__always)
func accumulate(_ a: Vector, _ b: Vector, _ sum: inout Vector) { sum += a * b }

/// Numbers of double precision that a register holds.
typealias Doubles = SIMD2<Double>

@inline(__always)
func accumulate(_ a: Doubles, _ b: Doubles, _ sum: inout Doubles) { sum += a * b }

/// As many numbers of single precision.
typealias Singles = SIMD2<Float>

@inline(__always)
func doubles(_ x: Singles) -> Doubles {
  Doubles(Double(x[0]), Double(x[1]))
}

/// As many numbers, brought to double precision.
@inline(__always)
func loadDoubles(_ source: UnsafePointer<Float>) -> Doubles {
  Doubles(Double(source[0]), Double(source[1]))
}

/// Numbers of double precision, rounded.
@inline(__always)
func storeRounded(_ value: Doubles, _ target: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(target).storeBytes(
    of: SIMD2<Float>(
      Float(value[0]), Float(value[1])), as: SIMD2<Float>.self)
}

/// Whether the product and the sum of `accumulate` are rounded once, together.
let fusesProducts = false

/// Whether no number has its sign bit. (The standard library's `all` of a mask is a function that the linker may share.)
@inline(__always)
func areNotNegative(_ numbers: Vector.MaskStorage) -> Bool {
  let parts = unsafeBitCast(numbers, to: SIMD2<Int64>.self)
  let bits = parts[0] | parts[1]
  return bits & Int64(bitPattern: 0x8000_0000_8000_0000) == 0
}

/// Whether 16 sums fit into registers beside their operands.
let hasManyRegisters = false

/// A vector of rows of 8 numbers, `stride` apart; never called, as the vector holds half of one.
@inline(__always)
func loadRows8(_ source: UnsafePointer<Float>, _ stride: Int) -> Vector { load(source) }

/// A vector of rows of 4 numbers, `stride` apart.
@inline(__always)
func loadRows4(_ source: UnsafePointer<Float>, _ stride: Int) -> Vector { load(source) }

/// 8 numbers in the first lanes; never called, as the vector holds half of them.
@inline(__always)
func loadLow8(_ source: UnsafePointer<Float>) -> Vector { load(source) }

@inline(__always)
func storeLow8(_ value: Vector, _ target: UnsafeMutablePointer<Float>) { store(value, target) }

/// 4 numbers in the first lanes, which are all here.
@inline(__always)
func loadLow4(_ source: UnsafePointer<Float>) -> Vector { load(source) }

@inline(__always)
func storeLow4(_ value: Vector, _ target: UnsafeMutablePointer<Float>) { store(value, target) }

/// The first, second, third and fourth number of every four, in all places of the four.
@inline(__always)
func fours(_ x: Vector) -> (Vector, Vector, Vector, Vector) {
  (repeated(x[0]), repeated(x[1]), repeated(x[2]), repeated(x[3]))
}
