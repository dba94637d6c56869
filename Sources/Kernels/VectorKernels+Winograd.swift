/// Transforms of Winograd's algorithm.
extension VectorKernels {
  @inlinable @inline(__always)
  public func winogradInput(
    tiles: Int, channels: Int, source: UnsafePointer<Float>, rowStride: Int, output: UnsafeMutablePointer<Float>,
    tileStride: Int, elementStride: Int, temporary: UnsafeMutablePointer<Float>
  ) {
    table.pointee.winogradInput(tiles, channels, source, rowStride, output, tileStride, elementStride, temporary)
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
    tileStride: Int, elementStride: Int, temporary: UnsafeMutablePointer<Float>
  ) {
    table.pointee.winogradStridedInput(tiles, channels, source, rowStride, output, tileStride, elementStride, temporary)
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

  @inlinable @inline(__always)
  public func winogradGradient(
    tiles: Int, channels: Int, source: UnsafePointer<Float>, rowStride: Int, output: UnsafeMutablePointer<Float>,
    tileStride: Int, elementStride: Int, temporary: UnsafeMutablePointer<Float>
  ) {
    table.pointee.winogradGradient(tiles, channels, source, rowStride, output, tileStride, elementStride, temporary)
  }

  @inlinable @inline(__always)
  public func winogradStridedGradient(
    tiles: Int, channels: Int, source: UnsafePointer<Float>, rowStride: Int, output: UnsafeMutablePointer<Float>,
    tileStride: Int, elementStride: Int, temporary: UnsafeMutablePointer<Float>
  ) {
    table.pointee.winogradStridedGradient(
      tiles, channels, source, rowStride, output, tileStride, elementStride, temporary)
  }

  @inlinable @inline(__always)
  public func winogradWeights(
    channels: Int, copies: Int, copyStride: Int, sums: UnsafePointer<Float>, channelStride: Int, elementStride: Int,
    coefficients: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, temporary: UnsafeMutablePointer<Float>
  ) {
    table.pointee.winogradWeights(
      channels, copies, copyStride, sums, channelStride, elementStride, coefficients, output, temporary)
  }

  @inlinable @inline(__always)
  public func winogradFilters(
    channels: Int, filters: UnsafePointer<Float>, flips: Bool, coefficients: UnsafePointer<Double>,
    output: UnsafeMutablePointer<Float>, elementStride: Int, temporary: UnsafeMutablePointer<Double>
  ) {
    table.pointee.winogradFilters(channels, filters, flips, coefficients, output, elementStride, temporary)
  }
}
