/// Sums and products of numbers.
extension VectorKernels {
  @inlinable @inline(__always)
  public func add(
    count: Int, left: UnsafePointer<Float>, right: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>
  ) {
    table.pointee.addNumbers(count, left, right, output)
  }

  @inlinable @inline(__always)
  public func add(
    count: Int, left: UnsafePointer<Float>, right: Float, output: UnsafeMutablePointer<Float>
  ) {
    table.pointee.addNumber(count, left, right, output)
  }

  @inlinable @inline(__always)
  public func multiply(
    count: Int, left: UnsafePointer<Float>, right: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>
  ) {
    table.pointee.multiplyNumbers(count, left, right, output)
  }

  @inlinable @inline(__always)
  public func multiply(
    count: Int, left: UnsafePointer<Float>, right: Float, output: UnsafeMutablePointer<Float>
  ) {
    table.pointee.multiplyNumber(count, left, right, output)
  }
}
