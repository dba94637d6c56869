/// Group normalisation, of planes and of channels that lie side by side, and that of rows.
extension VectorKernels {
  @inlinable @inline(__always)
  public func sumPlane(count: Int, source: UnsafePointer<Float>, offset: Float, sums: UnsafeMutablePointer<Double>) {
    table.pointee.sumPlane(count, source, offset, sums)
  }

  @inlinable @inline(__always)
  public func squarePlane(
    count: Int, source: UnsafePointer<Float>, offset: Float, mean: Float, sums: UnsafeMutablePointer<Double>
  ) {
    table.pointee.squarePlane(count, source, offset, mean, sums)
  }

  @inlinable @inline(__always)
  public func normalisePlane(
    count: Int, source: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, offset: Float, mean: Float,
    deviation: Float, scale: Float, shift: Float
  ) {
    table.pointee.normalisePlane(count, source, output, offset, mean, deviation, scale, shift)
  }

  @inlinable @inline(__always)
  public func sumPixels(
    count: Int, channels: Int, stride: Int, source: UnsafePointer<Float>, offset: UnsafePointer<Float>,
    sums: UnsafeMutablePointer<Double>
  ) {
    table.pointee.sumPixels(count, channels, stride, source, offset, sums)
  }

  @inlinable @inline(__always)
  public func squarePixels(
    count: Int, channels: Int, stride: Int, source: UnsafePointer<Float>, offset: UnsafePointer<Float>,
    mean: UnsafePointer<Float>, sums: UnsafeMutablePointer<Double>
  ) {
    table.pointee.squarePixels(count, channels, stride, source, offset, mean, sums)
  }

  @inlinable @inline(__always)
  public func normalisePixels(
    count: Int, channels: Int, stride: Int, source: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
    factors: UnsafePointer<Float>
  ) {
    table.pointee.normalisePixels(count, channels, stride, source, output, factors)
  }

  @inlinable @inline(__always)
  public func standardiseRows(
    rows: Int, count: Int, source: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, epsilon: Float,
    scale: UnsafePointer<Float>?, shift: UnsafePointer<Float>?
  ) {
    table.pointee.standardiseRows(rows, count, source, output, epsilon, scale, shift)
  }

  @inlinable @inline(__always)
  public func standardiseRowsGradient(
    rows: Int, count: Int, source: UnsafePointer<Float>, gradient: UnsafePointer<Float>, scale: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>, epsilon: Float
  ) {
    table.pointee.standardiseRowsGradient(rows, count, source, gradient, scale, output, epsilon)
  }
}
