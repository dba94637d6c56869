/// Transforms of Winograd's algorithm.
extension VectorKernels {
  @inlinable @inline(__always)
  public func winogradInput(
    tiles: Int, channels: Int, source: UnsafePointer<Float>, rowStride: Int, output: UnsafeMutablePointer<Float>,
    elementStride: Int, temporary: UnsafeMutablePointer<Float>
  ) {
    table.pointee.winogradInput(tiles, channels, source, rowStride, output, elementStride, temporary)
  }

  @inlinable @inline(__always)
  public func winogradOutput(
    tiles: Int, channels: Int, products: UnsafePointer<Float>, elementStride: Int, output: UnsafeMutablePointer<Float>,
    rowStride: Int, temporary: UnsafeMutablePointer<Float>
  ) {
    table.pointee.winogradOutput(tiles, channels, products, elementStride, output, rowStride, temporary)
  }

  @inlinable @inline(__always)
  public func winogradStridedInput(
    tiles: Int, channels: Int, source: UnsafePointer<Float>, rowStride: Int, output: UnsafeMutablePointer<Float>,
    elementStride: Int, temporary: UnsafeMutablePointer<Float>
  ) {
    table.pointee.winogradStridedInput(tiles, channels, source, rowStride, output, elementStride, temporary)
  }

  @inlinable @inline(__always)
  public func winogradStridedOutput(
    tiles: Int, channels: Int, products: UnsafePointer<Float>, elementStride: Int, output: UnsafeMutablePointer<Float>,
    rowStride: Int, temporary: UnsafeMutablePointer<Float>
  ) {
    table.pointee.winogradStridedOutput(tiles, channels, products, elementStride, output, rowStride, temporary)
  }

  @inlinable @inline(__always)
  public func winogradSpreadInput(
    tiles: Int, channels: Int, source: UnsafePointer<Float>, rowStride: Int, output: UnsafeMutablePointer<Float>,
    elementStride: Int, temporary: UnsafeMutablePointer<Float>
  ) {
    table.pointee.winogradSpreadInput(tiles, channels, source, rowStride, output, elementStride, temporary)
  }

  @inlinable @inline(__always)
  public func winogradSpreadOutput(
    tiles: Int, channels: Int, products: UnsafePointer<Float>, elementStride: Int, output: UnsafeMutablePointer<Float>,
    rowStride: Int, temporary: UnsafeMutablePointer<Float>
  ) {
    table.pointee.winogradSpreadOutput(tiles, channels, products, elementStride, output, rowStride, temporary)
  }
}
