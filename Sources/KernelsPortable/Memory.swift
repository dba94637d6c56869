/// Numbers that one vector holds.
let width = Vector.scalarCount

@inline(__always)
func load(_ pointer: UnsafePointer<Float>) -> Vector { UnsafeRawPointer(pointer).loadUnaligned(as: Vector.self) }

@inline(__always)
func store(_ value: Vector, _ pointer: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(pointer).storeBytes(of: value, as: Vector.self)
}

@inline(__always)
func repeated(_ value: Float) -> Vector { Vector(repeating: value) }
