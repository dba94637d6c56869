import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// Transforms of Winograd's algorithm.
extension VectorKernels {
  @inline(__always)
  public func winogradInput(
    tiles: Int, channels: Int, source: UnsafePointer<Float>, rowStride: Int, output: UnsafeMutablePointer<Float>,
    elementStride: Int, temporary: UnsafeMutablePointer<Float>
  ) {
    switch instructionSet {
    case .portable:
      KernelsPortable.winogradInput(
        tiles: tiles, channels: channels, source: source, rowStride: rowStride, output: output,
        elementStride: elementStride, temporary: temporary)
    case .avx2:
      KernelsAVX2.winogradInput(
        tiles: tiles, channels: channels, source: source, rowStride: rowStride, output: output,
        elementStride: elementStride, temporary: temporary)
    case .avx512:
      KernelsAVX512.winogradInput(
        tiles: tiles, channels: channels, source: source, rowStride: rowStride, output: output,
        elementStride: elementStride, temporary: temporary)
    }
  }

  @inline(__always)
  public func winogradOutput(
    tiles: Int, channels: Int, products: UnsafePointer<Float>, elementStride: Int, output: UnsafeMutablePointer<Float>,
    rowStride: Int, temporary: UnsafeMutablePointer<Float>
  ) {
    switch instructionSet {
    case .portable:
      KernelsPortable.winogradOutput(
        tiles: tiles, channels: channels, products: products, elementStride: elementStride, output: output,
        rowStride: rowStride, temporary: temporary)
    case .avx2:
      KernelsAVX2.winogradOutput(
        tiles: tiles, channels: channels, products: products, elementStride: elementStride, output: output,
        rowStride: rowStride, temporary: temporary)
    case .avx512:
      KernelsAVX512.winogradOutput(
        tiles: tiles, channels: channels, products: products, elementStride: elementStride, output: output,
        rowStride: rowStride, temporary: temporary)
    }
  }

  @inline(__always)
  public func winogradStridedInput(
    tiles: Int, channels: Int, source: UnsafePointer<Float>, rowStride: Int, output: UnsafeMutablePointer<Float>,
    elementStride: Int, temporary: UnsafeMutablePointer<Float>
  ) {
    switch instructionSet {
    case .portable:
      KernelsPortable.winogradStridedInput(
        tiles: tiles, channels: channels, source: source, rowStride: rowStride, output: output,
        elementStride: elementStride, temporary: temporary)
    case .avx2:
      KernelsAVX2.winogradStridedInput(
        tiles: tiles, channels: channels, source: source, rowStride: rowStride, output: output,
        elementStride: elementStride, temporary: temporary)
    case .avx512:
      KernelsAVX512.winogradStridedInput(
        tiles: tiles, channels: channels, source: source, rowStride: rowStride, output: output,
        elementStride: elementStride, temporary: temporary)
    }
  }

  @inline(__always)
  public func winogradStridedOutput(
    tiles: Int, channels: Int, products: UnsafePointer<Float>, elementStride: Int, output: UnsafeMutablePointer<Float>,
    rowStride: Int, temporary: UnsafeMutablePointer<Float>
  ) {
    switch instructionSet {
    case .portable:
      KernelsPortable.winogradStridedOutput(
        tiles: tiles, channels: channels, products: products, elementStride: elementStride, output: output,
        rowStride: rowStride, temporary: temporary)
    case .avx2:
      KernelsAVX2.winogradStridedOutput(
        tiles: tiles, channels: channels, products: products, elementStride: elementStride, output: output,
        rowStride: rowStride, temporary: temporary)
    case .avx512:
      KernelsAVX512.winogradStridedOutput(
        tiles: tiles, channels: channels, products: products, elementStride: elementStride, output: output,
        rowStride: rowStride, temporary: temporary)
    }
  }

  @inline(__always)
  public func winogradSpreadInput(
    tiles: Int, channels: Int, source: UnsafePointer<Float>, rowStride: Int, output: UnsafeMutablePointer<Float>,
    elementStride: Int, temporary: UnsafeMutablePointer<Float>
  ) {
    switch instructionSet {
    case .portable:
      KernelsPortable.winogradSpreadInput(
        tiles: tiles, channels: channels, source: source, rowStride: rowStride, output: output,
        elementStride: elementStride, temporary: temporary)
    case .avx2:
      KernelsAVX2.winogradSpreadInput(
        tiles: tiles, channels: channels, source: source, rowStride: rowStride, output: output,
        elementStride: elementStride, temporary: temporary)
    case .avx512:
      KernelsAVX512.winogradSpreadInput(
        tiles: tiles, channels: channels, source: source, rowStride: rowStride, output: output,
        elementStride: elementStride, temporary: temporary)
    }
  }

  @inline(__always)
  public func winogradSpreadOutput(
    tiles: Int, channels: Int, products: UnsafePointer<Float>, elementStride: Int, output: UnsafeMutablePointer<Float>,
    rowStride: Int, temporary: UnsafeMutablePointer<Float>
  ) {
    switch instructionSet {
    case .portable:
      KernelsPortable.winogradSpreadOutput(
        tiles: tiles, channels: channels, products: products, elementStride: elementStride, output: output,
        rowStride: rowStride, temporary: temporary)
    case .avx2:
      KernelsAVX2.winogradSpreadOutput(
        tiles: tiles, channels: channels, products: products, elementStride: elementStride, output: output,
        rowStride: rowStride, temporary: temporary)
    case .avx512:
      KernelsAVX512.winogradSpreadOutput(
        tiles: tiles, channels: channels, products: products, elementStride: elementStride, output: output,
        rowStride: rowStride, temporary: temporary)
    }
  }
}
