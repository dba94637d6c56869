/// Batch normalisation in training: sums of channels, and what is done with a channel's numbers alike.
extension VectorKernels {
  @inlinable @inline(__always)
  public func momentsOfPlane(
    count: Int, x: UnsafePointer<Float>, y: UnsafePointer<Float>, originX: Float, originY: Float,
    sums: UnsafeMutablePointer<Double>, temporary: UnsafeMutablePointer<Float>
  ) {
    table.pointee.momentsOfPlane(count, x, y, originX, originY, sums, temporary)
  }

  @inlinable @inline(__always)
  public func momentsOfPixels(
    pixels: Int, channels: Int, x: UnsafePointer<Float>, y: UnsafePointer<Float>, originX: UnsafePointer<Float>,
    originY: UnsafePointer<Float>, sums: UnsafeMutablePointer<Double>, temporary: UnsafeMutablePointer<Float>,
    doubles: UnsafeMutablePointer<Double>
  ) {
    table.pointee.momentsOfPixels(pixels, channels, x, y, originX, originY, sums, temporary, doubles)
  }

  @inlinable @inline(__always)
  public func fusedPlane(
    count: Int, x: UnsafePointer<Float>, y: UnsafePointer<Float>?, scale: Float, mean: Float, otherScale: Float,
    otherMean: Float, shift: Float, reference: UnsafePointer<Float>?, rectifies: Bool, lower: Float,
    output: UnsafeMutablePointer<Float>
  ) {
    table.pointee.fusedPlane(
      count, x, y, scale, mean, otherScale, otherMean, shift, reference, rectifies, lower, output)
  }

  @inlinable @inline(__always)
  public func fusedPixels(
    pixels: Int, channels: Int, x: UnsafePointer<Float>, y: UnsafePointer<Float>?, columns: UnsafePointer<Float>,
    reference: UnsafePointer<Float>?, rectifies: Bool, lower: Float, output: UnsafeMutablePointer<Float>
  ) {
    table.pointee.fusedPixels(pixels, channels, x, y, columns, reference, rectifies, lower, output)
  }
}
