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
  public func depthwiseProduct(
    pixels: Int, terms: Int, weights: UnsafePointer<Float>, offsets: UnsafePointer<Int>,
    source: UnsafePointer<Float>, sourceStride: Int, output: UnsafeMutablePointer<Float>, outputStride: Int
  ) {
    switch instructionSet {
    case .portable:
      KernelsPortable.depthwiseProduct(
        pixels: pixels, terms: terms, weights: weights, offsets: offsets, source: source, sourceStride: sourceStride,
        output: output, outputStride: outputStride)
    case .avx2:
      KernelsAVX2.depthwiseProduct(
        pixels: pixels, terms: terms, weights: weights, offsets: offsets, source: source, sourceStride: sourceStride,
        output: output, outputStride: outputStride)
    case .avx512:
      KernelsAVX512.depthwiseProduct(
        pixels: pixels, terms: terms, weights: weights, offsets: offsets, source: source, sourceStride: sourceStride,
        output: output, outputStride: outputStride)
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

  @inline(__always)
  public func finishPixels(
    count: Int, channels: Int, stride: Int, source: UnsafePointer<Float>, values: UnsafeMutablePointer<Float>,
    bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?, reference: UnsafePointer<Float>?, rectifies: Bool,
    slope: Float
  ) {
    switch instructionSet {
    case .portable:
      KernelsPortable.finishPixels(
        count: count, channels: channels, stride: stride, source: source, values: values, bias: bias,
        residual: residual,
        reference: reference, rectifies: rectifies, slope: slope)
    case .avx2:
      KernelsAVX2.finishPixels(
        count: count, channels: channels, stride: stride, source: source, values: values, bias: bias,
        residual: residual,
        reference: reference, rectifies: rectifies, slope: slope)
    case .avx512:
      KernelsAVX512.finishPixels(
        count: count, channels: channels, stride: stride, source: source, values: values, bias: bias,
        residual: residual,
        reference: reference, rectifies: rectifies, slope: slope)
    }
  }

  /// - Returns: how many multiply-adds `multiplyAddPeak` did, and a number that depends on them.
  public func multiplyAddPeak(repetitions: Int) -> (count: Int, value: Float) {
    switch instructionSet {
    case .portable:
      (repetitions * 12 * 4, KernelsPortable.multiplyAddPeak(repetitions: repetitions, 1e-9))
    case .avx2:
      (repetitions * 12 * 8, KernelsAVX2.multiplyAddPeak(repetitions: repetitions, 1e-9))
    case .avx512:
      (repetitions * 12 * 16, KernelsAVX512.multiplyAddPeak(repetitions: repetitions, 1e-9))
    }
  }

  @inline(__always)
  public func rowsTimesPanels(
    rows: Int, inner: Int, panels: Int, left: UnsafePointer<Float>, leftStride: Int, right: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>, outputStride: Int, adds: Bool = false
  ) {
    switch instructionSet {
    case .portable:
      KernelsPortable.rowsTimesPanels(
        rows: rows, inner: inner, panels: panels, left: left, leftStride: leftStride, right: right, output: output,
        outputStride: outputStride, adds: adds)
    case .avx2:
      KernelsAVX2.rowsTimesPanels(
        rows: rows, inner: inner, panels: panels, left: left, leftStride: leftStride, right: right, output: output,
        outputStride: outputStride, adds: adds)
    case .avx512:
      KernelsAVX512.rowsTimesPanels(
        rows: rows, inner: inner, panels: panels, left: left, leftStride: leftStride, right: right, output: output,
        outputStride: outputStride, adds: adds)
    }
  }

  @inline(__always)
  public func transpose(
    rows: Int, columns: Int, source: UnsafePointer<Float>, sourceStride: Int, output: UnsafeMutablePointer<Float>,
    outputStride: Int
  ) {
    switch instructionSet {
    case .portable:
      KernelsPortable.transpose(
        rows: rows, columns: columns, source: source, sourceStride: sourceStride, output: output,
        outputStride: outputStride)
    case .avx2:
      KernelsAVX2.transpose(
        rows: rows, columns: columns, source: source, sourceStride: sourceStride, output: output,
        outputStride: outputStride)
    case .avx512:
      KernelsAVX512.transpose(
        rows: rows, columns: columns, source: source, sourceStride: sourceStride, output: output,
        outputStride: outputStride)
    }
  }
}
