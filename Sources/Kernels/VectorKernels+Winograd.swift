/// Transforms of Winograd's algorithm.
extension VectorKernels {
  /// Floats of memory of their own that the transforms want: columns of four tiles of stride 2.
  package static let winogradTemporaryCount = 33 * 9 * 16

  package func winogradInput(
    _ form: WinogradForm, tiles: Int, channels: Int, rows: UnsafePointer<UnsafePointer<Float>>, firstColumn: Int,
    columns: Int, output: UnsafeMutablePointer<Float>, elementStride: Int, temporary: UnsafeMutablePointer<Float>
  ) {
    let transform =
      switch form {
      case .unit: table.pointee.winogradInput
      case .strided: table.pointee.winogradStridedInput
      case .spread: table.pointee.winogradSpreadInput
      }
    transform(tiles, channels, rows, firstColumn, columns, output, elementStride, temporary)
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
}
