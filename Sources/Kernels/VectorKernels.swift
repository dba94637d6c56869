/// The numerical kernels, on one instruction set. What each computes is said where it is written, in `KernelsPortable`.
///
/// Sums have the same order on every set; AVX2 and AVX-512 round once where others round twice.
///
/// Public, though the module is in no product: the compiler inlines nothing into another module that is the package's alone
/// (Swift 6.3.1), and calls of small kernels then take a thirtieth of a small network's time.
public struct VectorKernels: Sendable {
  package let instructionSet: InstructionSet
  @usableFromInline package nonisolated(unsafe) let table: UnsafePointer<KernelTable>

  /// - Parameter instructionSet: one of `InstructionSet.available`.
  package init(_ instructionSet: InstructionSet = .best) {
    self.instructionSet = instructionSet
    table = KernelTable.pointer(instructionSet)
  }

  @inlinable @inline(__always)
  public func shiftedProduct(
    panels: Int, terms: Int, weights: UnsafePointer<Float>, offsets: UnsafePointer<Int32>,
    source: UnsafePointer<Float>, positions: Int, output: UnsafeMutablePointer<Float>, pitch: Int
  ) {
    table.pointee.shiftedProduct(panels, terms, weights, offsets, source, positions, output, pitch)
  }

  @inlinable @inline(__always)
  public func depthwiseProduct(
    pixels: Int, terms: Int, weights: UnsafePointer<Float>, offsets: UnsafePointer<Int>,
    source: UnsafePointer<Float>, sourceStride: Int, output: UnsafeMutablePointer<Float>, outputStride: Int
  ) {
    table.pointee.depthwiseProduct(pixels, terms, weights, offsets, source, sourceStride, output, outputStride)
  }

  @inlinable @inline(__always)
  public func depthwisePixels(
    pixels: Int, channels: Int, terms: Int, weights: UnsafePointer<Float>, weightOffsets: UnsafePointer<Int>,
    source: UnsafePointer<Float>, offsets: UnsafePointer<Int>, sourceStride: Int, tile: UnsafeMutablePointer<Float>,
    values: UnsafeMutablePointer<Float>, stride: Int, bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?,
    reference: UnsafePointer<Float>?, rectifies: Bool, slope: Float, lower: Float, upper: Float
  ) {
    table.pointee.depthwisePixels(
      pixels, channels, terms, weights, weightOffsets, source, offsets, sourceStride, tile, values, stride, bias,
      residual, reference, rectifies, slope, lower, upper)
  }

  @inlinable @inline(__always)
  public func depthwiseDots(
    rows: Int, columns: Int, terms: Int, offsets: UnsafePointer<Int>, source: UnsafePointer<Float>, rowStep: Int,
    columnStep: Int, gradient: UnsafePointer<Float>, sums: UnsafeMutablePointer<Float>
  ) {
    table.pointee.depthwiseDots(rows, columns, terms, offsets, source, rowStep, columnStep, gradient, sums)
  }

  @inlinable @inline(__always)
  public func shiftedDots(
    rows: Int, terms: Int, offsets: UnsafePointer<Int32>, images: Int, gradient: UnsafePointer<Float>, pitch: Int,
    gradientStride: Int, source: UnsafePointer<Float>, sourceStride: Int, positions: Int,
    lanes: UnsafeMutablePointer<Float>, addingTo output: UnsafeMutablePointer<Float>
  ) {
    table.pointee.shiftedDots(
      rows, terms, offsets, images, gradient, pitch, gradientStride, source, sourceStride, positions, lanes, output)
  }

  @inlinable @inline(__always)
  public func doubleSums(
    rows: Int, inner: Int, columns: Int, left: UnsafePointer<Float>, right: UnsafePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, doubles: UnsafeMutablePointer<Double>, output: UnsafeMutablePointer<Float>
  ) {
    table.pointee.doubleSums(rows, inner, columns, left, right, scratch, doubles, output)
  }

  @inlinable @inline(__always)
  public func finish(
    count: Int, source: UnsafePointer<Float>, values: UnsafeMutablePointer<Float>, bias: Float,
    residual: UnsafePointer<Float>?, reference: UnsafePointer<Float>?, rectifies: Bool, slope: Float, lower: Float,
    upper: Float
  ) {
    table.pointee.finish(count, source, values, bias, residual, reference, rectifies, slope, lower, upper)
  }

  @inlinable @inline(__always)
  public func finishPixels(
    count: Int, channels: Int, sourceStride: Int, stride: Int, source: UnsafePointer<Float>,
    values: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?,
    reference: UnsafePointer<Float>?, rectifies: Bool, slope: Float, lower: Float, upper: Float
  ) {
    table.pointee.finishPixels(
      count, channels, sourceStride, stride, source, values, bias, residual, reference, rectifies, slope, lower, upper)
  }

  /// Floats of memory of its own that `softmaxRows` wants.
  package static let softmaxScratchCount = 816

  @inlinable @inline(__always)
  public func softmaxRows(
    rows: Int, count: Int, source: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    table.pointee.softmaxRows(rows, count, source, output, scratch)
  }

  /// - Returns: how many multiply-adds `multiplyAddPeak` did, and a number that depends on them.
  public func multiplyAddPeak(repetitions: Int) -> (count: Int, value: Float) {
    (repetitions * 12 * table.pointee.peakLanes, table.pointee.multiplyAddPeak(repetitions, 1e-9))
  }

  @inlinable @inline(__always)
  public func rowsTimesPanels(
    rows: Int, inner: Int, panels: Int, left: UnsafePointer<Float>, leftStride: Int, right: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>, outputStride: Int, adds: Bool = false
  ) {
    table.pointee.rowsTimesPanels(rows, inner, panels, left, leftStride, right, output, outputStride, adds)
  }

  @inlinable @inline(__always)
  public func transposedProduct(
    rows: Int, inner: Int, columns: Int, left: UnsafePointer<Float>, leftStride: Int, right: UnsafePointer<Float>,
    rightStride: Int, output: UnsafeMutablePointer<Float>, outputStride: Int, adds: Bool
  ) {
    table.pointee.transposedProduct(
      rows, inner, columns, left, leftStride, right, rightStride, output, outputStride, adds)
  }

  /// Floats of memory of its own that `finishedRowsTimesPanels` wants: two vectors of sums for 48 rows.
  package static let finishedTileCount = 48 * 2 * 16

  @inlinable @inline(__always)
  public func finishedRowsTimesPanels(
    rows: Int, inner: Int, columns: Int, left: UnsafePointer<Float>, leftStride: Int, right: UnsafePointer<Float>,
    tile: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Float>, stride: Int, bias: UnsafePointer<Float>?,
    residual: UnsafePointer<Float>?, reference: UnsafePointer<Float>?, rectifies: Bool, slope: Float, lower: Float,
    upper: Float
  ) {
    table.pointee.finishedRowsTimesPanels(
      rows, inner, columns, left, leftStride, right, tile, values, stride, bias, residual, reference, rectifies, slope,
      lower, upper)
  }

  @inlinable @inline(__always)
  public func transpose(
    rows: Int, columns: Int, source: UnsafePointer<Float>, sourceStride: Int, output: UnsafeMutablePointer<Float>,
    outputStride: Int
  ) {
    table.pointee.transpose(rows, columns, source, sourceStride, output, outputStride)
  }
}
