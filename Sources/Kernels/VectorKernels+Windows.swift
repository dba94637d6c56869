/// The sums of windows as products.
extension VectorKernels {
  /// Floats of memory of its own that `windowProduct` and `groupedProduct` want: two vectors of sums for 48 pixels.
  package static let windowTileCount = 48 * 2 * 16

  @inlinable @inline(__always)
  public func windowProduct(
    pixels: Int, sources: UnsafePointer<Int>, places: UnsafePointer<Int>, terms: Int, pieceOffsets: UnsafePointer<Int>,
    pieceEnds: UnsafePointer<Int>, columns: Int, image: UnsafePointer<Float>, right: UnsafePointer<Float>,
    tile: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Float>, stride: Int, bias: UnsafePointer<Float>?,
    residual: UnsafePointer<Float>?, reference: UnsafePointer<Float>?, rectifies: Bool, slope: Float, lower: Float,
    upper: Float
  ) {
    table.pointee.windowProduct(
      pixels, sources, places, terms, pieceOffsets, pieceEnds, columns, image, right, tile, values, stride, bias,
      residual, reference, rectifies, slope, lower, upper)
  }

  @inlinable @inline(__always)
  public func groupedProduct(
    pixels: Int, sources: UnsafePointer<Int>, places: UnsafePointer<Int>, terms: Int, offsets: UnsafePointer<Int>,
    columns: Int, image: UnsafePointer<Float>, right: UnsafePointer<Float>, tile: UnsafeMutablePointer<Float>,
    values: UnsafeMutablePointer<Float>, stride: Int, bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?,
    reference: UnsafePointer<Float>?, rectifies: Bool, slope: Float, lower: Float, upper: Float
  ) {
    table.pointee.groupedProduct(
      pixels, sources, places, terms, offsets, columns, image, right, tile, values, stride, bias, residual, reference,
      rectifies, slope, lower, upper)
  }

  @inlinable @inline(__always)
  public func gatherLanes(
    pixels: Int, channels: Int, source: UnsafePointer<Float>, sourceStride: Int, spreads: Bool,
    output: UnsafeMutablePointer<Float>, outputStride: Int
  ) {
    table.pointee.gatherLanes(pixels, channels, source, sourceStride, spreads, output, outputStride)
  }
}
