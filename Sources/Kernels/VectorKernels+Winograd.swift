/// Transforms of Winograd's algorithm.
extension VectorKernels {
  /// Floats of memory of their own that the transforms want: columns of four tiles of stride 2.
  package static let winogradTemporaryCount = 33 * 9 * 16

  package func winogradInput(
    _ form: WinogradForm, tiles: Int, channels: Int, rows: UnsafePointer<UnsafePointer<Float>>, firstColumn: Int,
    columns: Int, output: UnsafeMutablePointer<Float>, tileStride: Int, elementStride: Int,
    temporary: UnsafeMutablePointer<Float>
  ) {
    let transform =
      switch form {
      case .unit: table.pointee.winogradInput
      case .strided: table.pointee.winogradStridedInput
      case .spread: table.pointee.winogradSpreadInput
      }
    transform(tiles, channels, rows, firstColumn, columns, output, tileStride, elementStride, temporary)
  }

  package func winogradOutput(
    _ form: WinogradForm, rows: Int, columns: Int, channels: Int, products: UnsafePointer<Float>, elementStride: Int,
    temporary: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Float>, rowStride: Int,
    bias: UnsafePointer<Float>? = nil, residual: UnsafePointer<Float>? = nil, reference: UnsafePointer<Float>? = nil,
    rectifies: Bool = false, slope: Float = 0, lower: Float = 0, upper: Float = .nan
  ) {
    let transform =
      switch form {
      case .unit: table.pointee.winogradOutput
      case .strided: table.pointee.winogradStridedOutput
      case .spread: table.pointee.winogradSpreadOutput
      }
    transform(
      rows, columns, channels, products, elementStride, temporary, values, rowStride, bias, residual, reference,
      rectifies, slope, lower, upper)
  }

  /// - Parameter form: the convolution's, stride 1 or 2.
  package func winogradGradient(
    _ form: WinogradForm, tiles: Int, channels: Int, rows: UnsafePointer<UnsafePointer<Float>>, columns: Int,
    output: UnsafeMutablePointer<Float>, tileStride: Int, elementStride: Int, temporary: UnsafeMutablePointer<Float>
  ) {
    let transform = form == .unit ? table.pointee.winogradGradient : table.pointee.winogradStridedGradient
    transform(tiles, channels, rows, 0, columns, output, tileStride, elementStride, temporary)
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
