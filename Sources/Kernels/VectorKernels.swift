import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The numerical kernels, on one instruction set. What each computes is said where it is written, in `KernelsPortable`.
///
/// Sums have the same order on every set; AVX2 and AVX-512 round once where others round twice.
public struct VectorKernels: Sendable {
  public let instructionSet: InstructionSet

  /// - Parameter instructionSet: one of `InstructionSet.available`.
  public init(_ instructionSet: InstructionSet = .best) { self.instructionSet = instructionSet }

  @inline(__always)
  public func shiftedProduct(
    panels: Int, terms: Int, weights: UnsafePointer<Float>, offsets: UnsafePointer<Int32>,
    source: UnsafePointer<Float>, positions: Int, output: UnsafeMutablePointer<Float>, pitch: Int
  ) {
    switch instructionSet {
    case .portable:
      KernelsPortable.shiftedProduct(
        panels: panels, terms: terms, weights: weights, offsets: offsets, source: source, positions: positions,
        output: output, pitch: pitch)
    case .avx2:
      KernelsAVX2.shiftedProduct(
        panels: panels, terms: terms, weights: weights, offsets: offsets, source: source, positions: positions,
        output: output, pitch: pitch)
    case .avx512:
      KernelsAVX512.shiftedProduct(
        panels: panels, terms: terms, weights: weights, offsets: offsets, source: source, positions: positions,
        output: output, pitch: pitch)
    }
  }

  @inline(__always)
  public func shiftedDots(
    rows: Int, terms: Int, offsets: UnsafePointer<Int32>, images: Int, gradient: UnsafePointer<Float>, pitch: Int,
    gradientStride: Int, source: UnsafePointer<Float>, sourceStride: Int, positions: Int,
    lanes: UnsafeMutablePointer<Float>, addingTo output: UnsafeMutablePointer<Float>
  ) {
    switch instructionSet {
    case .portable:
      KernelsPortable.shiftedDots(
        rows: rows, terms: terms, offsets: offsets, images: images, gradient: gradient, pitch: pitch,
        gradientStride: gradientStride, source: source, sourceStride: sourceStride, positions: positions,
        lanes: lanes, addingTo: output)
    case .avx2:
      KernelsAVX2.shiftedDots(
        rows: rows, terms: terms, offsets: offsets, images: images, gradient: gradient, pitch: pitch,
        gradientStride: gradientStride, source: source, sourceStride: sourceStride, positions: positions,
        lanes: lanes, addingTo: output)
    case .avx512:
      KernelsAVX512.shiftedDots(
        rows: rows, terms: terms, offsets: offsets, images: images, gradient: gradient, pitch: pitch,
        gradientStride: gradientStride, source: source, sourceStride: sourceStride, positions: positions,
        lanes: lanes, addingTo: output)
    }
  }

  @inline(__always)
  public func finish(
    count: Int, source: UnsafePointer<Float>, values: UnsafeMutablePointer<Float>, bias: Float,
    residual: UnsafePointer<Float>?, reference: UnsafePointer<Float>?, rectifies: Bool, slope: Float
  ) {
    switch instructionSet {
    case .portable:
      KernelsPortable.finish(
        count: count, source: source, values: values, bias: bias, residual: residual, reference: reference,
        rectifies: rectifies, slope: slope)
    case .avx2:
      KernelsAVX2.finish(
        count: count, source: source, values: values, bias: bias, residual: residual, reference: reference,
        rectifies: rectifies, slope: slope)
    case .avx512:
      KernelsAVX512.finish(
        count: count, source: source, values: values, bias: bias, residual: residual, reference: reference,
        rectifies: rectifies, slope: slope)
    }
  }
}
