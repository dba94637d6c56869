/// Numbers that one vector holds.
let width = Vector.scalarCount

@inline(__always)
func load(_ pointer: UnsafePointer<Float>) -> Vector { UnsafeRawPointer(pointer).loadUnaligned(as: Vector.self) }

@inline(__always)
func store(_ value: Vector, _ pointer: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(pointer).storeBytes(of: value, as: Vector.self)
}

/// Terms of one partial sum. A sum's rounding error grows with the root of the number of its terms, and a sum of partial
/// sums has the error of a short one; a pixel near 0 is switched the other way by a rectifier less often.
let longestSum = 128

/// Stores a partial sum, or adds it to those before it.
@inline(__always)
func put(_ value: Vector, _ pointer: UnsafeMutablePointer<Float>, _ adds: Bool) {
  store(adds ? load(pointer) + value : value, pointer)
}

@inline(__always)
func repeated(_ value: Float) -> Vector { Vector(repeating: value) }

@inline(__always)
func get(_ source: UnsafePointer<Double>) -> Doubles { UnsafeRawPointer(source).loadUnaligned(as: Doubles.self) }

@inline(__always)
func put(_ value: Doubles, _ target: UnsafeMutablePointer<Double>) {
  UnsafeMutableRawPointer(target).storeBytes(of: value, as: Doubles.self)
}
