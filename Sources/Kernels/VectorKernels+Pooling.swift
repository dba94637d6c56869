/// Pooling.
extension VectorKernels {
  @inlinable @inline(__always)
  public func pairPool(
    height: Int, width: Int, source: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>
  ) {
    table.pointee.pairPool(height, width, source, output)
  }

  @inlinable @inline(__always)
  public func raiseToLargest(count: Int, step: Int, source: UnsafePointer<Float>, largest: UnsafeMutablePointer<Float>)
  {
    table.pointee.raiseToLargest(count, step, source, largest)
  }

  @inlinable @inline(__always)
  public func selectLargest(
    count: Int, step: Int, source: UnsafePointer<Float>, position: Int32, positionStep: Int32,
    largest: UnsafeMutablePointer<Float>, selected: UnsafeMutablePointer<Int32>
  ) {
    table.pointee.selectLargest(count, step, source, position, positionStep, largest, selected)
  }

  @inlinable @inline(__always)
  public func addRow(count: Int, step: Int, source: UnsafePointer<Float>, sums: UnsafeMutablePointer<Float>) {
    table.pointee.addRow(count, step, source, sums)
  }

  @inlinable @inline(__always)
  public func addPixels(
    pixels: Int, channels: Int, source: UnsafePointer<Float>, sums: UnsafeMutablePointer<Double>
  ) {
    table.pointee.addPixels(pixels, channels, source, sums)
  }

  @inlinable @inline(__always)
  public func spreadRow(count: Int, step: Int, values: UnsafePointer<Float>, target: UnsafeMutablePointer<Float>) {
    table.pointee.spreadRow(count, step, values, target)
  }
}
