/// Pointers to every kernel, compiled for one instruction set.
@usableFromInline package struct KernelTable {
  @usableFromInline package typealias WinogradInput =
    @convention(c) (
      Int, Int, UnsafePointer<UnsafePointer<Float>>, Int, Int, UnsafeMutablePointer<Float>, Int, Int,
      UnsafeMutablePointer<Float>
    ) -> Void
  @usableFromInline package typealias WinogradOutput =
    @convention(c) (
      Int, Int, Int, UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, Int,
      UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?, Bool, Float, Float, Float
    ) -> Void

  @usableFromInline package let shiftedProduct:
    @convention(c) (
      Int, Int, UnsafePointer<Float>, UnsafePointer<Int32>, UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int
    ) -> Void
  @usableFromInline package let depthwiseProduct:
    @convention(c) (
      Int, Int, UnsafePointer<Float>, UnsafePointer<Int>, UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int
    ) -> Void
  @usableFromInline package let depthwisePixels:
    @convention(c) (
      Int, Int, Int, UnsafePointer<Float>, UnsafePointer<Int>, UnsafePointer<Float>, UnsafePointer<Int>, Int,
      UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, Int, UnsafePointer<Float>?, UnsafePointer<Float>?,
      UnsafePointer<Float>?, Bool, Float, Float, Float
    ) -> Void
  @usableFromInline package let depthwiseDots:
    @convention(c) (
      Int, Int, Int, UnsafePointer<Int>, UnsafePointer<Float>, Int, Int, UnsafePointer<Float>,
      UnsafeMutablePointer<Float>
    ) -> Void
  @usableFromInline package let shiftedDots:
    @convention(c) (
      Int, Int, UnsafePointer<Int32>, Int, UnsafePointer<Float>, Int, Int, UnsafePointer<Float>, Int, Int,
      UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>
    ) -> Void
  @usableFromInline package let doubleSums:
    @convention(c) (
      Int, Int, Int, UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>,
      UnsafeMutablePointer<Double>, UnsafeMutablePointer<Float>
    ) -> Void
  @usableFromInline package let finish:
    @convention(c) (
      Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Float, UnsafePointer<Float>?, UnsafePointer<Float>?, Bool,
      Float, Float, Float
    ) -> Void
  @usableFromInline package let finishPixels:
    @convention(c) (
      Int, Int, Int, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>, UnsafePointer<Float>?,
      UnsafePointer<Float>?, UnsafePointer<Float>?, Bool, Float, Float, Float
    ) -> Void
  @usableFromInline package let rowsTimesPanels:
    @convention(c) (
      Int, Int, Int, UnsafePointer<Float>, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int, Bool
    ) -> Void
  @usableFromInline package let finishedRowsTimesPanels:
    @convention(c) (
      Int, Int, Int, UnsafePointer<Float>, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>,
      UnsafeMutablePointer<Float>, Int, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?, Bool,
      Float, Float, Float
    ) -> Void
  @usableFromInline package let windowProduct:
    @convention(c) (
      Int, UnsafePointer<Int>, UnsafePointer<Int>, Int, UnsafePointer<Int>, UnsafePointer<Int>, Int,
      UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, Int,
      UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?, Bool, Float, Float, Float
    ) -> Void
  @usableFromInline package let groupedProduct:
    @convention(c) (
      Int, UnsafePointer<Int>, UnsafePointer<Int>, Int, UnsafePointer<Int>, Int, UnsafePointer<Float>,
      UnsafePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, Int, UnsafePointer<Float>?,
      UnsafePointer<Float>?, UnsafePointer<Float>?, Bool, Float, Float, Float
    ) -> Void
  @usableFromInline package let gatherLanes:
    @convention(c) (Int, Int, UnsafePointer<Float>, Int, Bool, UnsafeMutablePointer<Float>, Int) -> Void
  @usableFromInline package let transposedProduct:
    @convention(c) (
      Int, Int, Int, UnsafePointer<Float>, Int, UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int, Bool
    ) -> Void
  @usableFromInline package let transpose:
    @convention(c) (Int, Int, UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int) -> Void
  @usableFromInline package let winogradInput: WinogradInput
  @usableFromInline package let winogradOutput: WinogradOutput
  @usableFromInline package let winogradStridedInput: WinogradInput
  @usableFromInline package let winogradStridedOutput: WinogradOutput
  @usableFromInline package let winogradSpreadInput: WinogradInput
  @usableFromInline package let winogradSpreadOutput: WinogradOutput
  @usableFromInline package let winogradGradient: WinogradInput
  @usableFromInline package let winogradStridedGradient: WinogradInput
  @usableFromInline package let winogradWeights:
    @convention(c) (
      Int, Int, Int, UnsafePointer<Float>, Int, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>,
      UnsafeMutablePointer<Float>
    ) -> Void
  @usableFromInline package let winogradFilters:
    @convention(c) (
      Int, UnsafePointer<Float>, Bool, UnsafePointer<Double>, UnsafeMutablePointer<Float>, Int,
      UnsafeMutablePointer<Double>
    ) -> Void
  @usableFromInline package let pairPool:
    @convention(c) (Int, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  @usableFromInline package let raiseToLargest:
    @convention(c) (Int, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  @usableFromInline package let selectLargest:
    @convention(c) (
      Int, Int, UnsafePointer<Float>, Int32, Int32, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Int32>
    ) -> Void
  @usableFromInline package let addRow:
    @convention(c) (Int, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  @usableFromInline package let addPixels:
    @convention(c) (Int, Int, UnsafePointer<Float>, UnsafeMutablePointer<Double>) -> Void
  @usableFromInline package let spreadRow:
    @convention(c) (Int, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  @usableFromInline package let sumPlane:
    @convention(c) (Int, UnsafePointer<Float>, Float, UnsafeMutablePointer<Double>) -> Void
  @usableFromInline package let squarePlane:
    @convention(c) (Int, UnsafePointer<Float>, Float, Float, UnsafeMutablePointer<Double>) -> Void
  @usableFromInline package let normalisePlane:
    @convention(c) (
      Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Float, Float, Float, Float, Float
    ) -> Void
  @usableFromInline package let sumPixels:
    @convention(c) (
      Int, Int, Int, UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Double>
    ) -> Void
  @usableFromInline package let squarePixels:
    @convention(c) (
      Int, Int, Int, UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Double>
    ) -> Void
  @usableFromInline package let normalisePixels:
    @convention(c) (
      Int, Int, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>, UnsafePointer<Float>
    ) -> Void
  @usableFromInline package let momentsOfPlane:
    @convention(c) (
      Int, UnsafePointer<Float>, UnsafePointer<Float>, Float, Float, UnsafeMutablePointer<Double>,
      UnsafeMutablePointer<Float>
    ) -> Void
  @usableFromInline package let momentsOfPixels:
    @convention(c) (
      Int, Int, UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>,
      UnsafeMutablePointer<Double>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Double>
    ) -> Void
  @usableFromInline package let fusedPlane:
    @convention(c) (
      Int, UnsafePointer<Float>, UnsafePointer<Float>?, Float, Float, Float, Float, Float, UnsafePointer<Float>?, Bool,
      Float, UnsafeMutablePointer<Float>
    ) -> Void
  @usableFromInline package let fusedPixels:
    @convention(c) (
      Int, Int, UnsafePointer<Float>, UnsafePointer<Float>?, UnsafePointer<Float>, UnsafePointer<Float>?, Bool, Float,
      UnsafeMutablePointer<Float>
    ) -> Void
  @usableFromInline package let standardiseRows:
    @convention(c) (
      Int, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Float, UnsafePointer<Float>?, UnsafePointer<Float>?
    ) -> Void
  @usableFromInline package let standardiseRowsGradient:
    @convention(c) (
      Int, Int, UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>?, UnsafeMutablePointer<Float>, Float
    ) -> Void
  @usableFromInline package let softmaxRows:
    @convention(c) (Int, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  @usableFromInline package let addNumbers:
    @convention(c) (Int, UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  @usableFromInline package let addNumber:
    @convention(c) (Int, UnsafePointer<Float>, Float, UnsafeMutablePointer<Float>) -> Void
  @usableFromInline package let multiplyNumbers:
    @convention(c) (Int, UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  @usableFromInline package let multiplyNumber:
    @convention(c) (Int, UnsafePointer<Float>, Float, UnsafeMutablePointer<Float>) -> Void
  package let multiplyAddPeak: @convention(c) (Int, Float) -> Float
  /// Multiply-adds that `multiplyAddPeak` does with one instruction.
  package let peakLanes: Int

  /// A function of `count` numbers.
  package typealias Elementwise = @convention(c) (Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void

  package let sigmoid: Elementwise
  package let silu: Elementwise
  package let siluDerivative: Elementwise
  package let gelu: Elementwise
  package let geluDerivative: Elementwise
  package let geluTanh: Elementwise
  package let geluTanhDerivative: Elementwise
  package let hyperbolicTangent: Elementwise
  package let errorFunction: Elementwise

  /// Of a table that lives as long as the process, so that those who hold the pointer need not keep it alive.
  static func pointer(_ instructionSet: InstructionSet) -> UnsafePointer<KernelTable> {
    switch instructionSet {
    case .portable: portable
    case .avx2: avx2
    case .avx512: avx512
    }
  }

  private static func immortal(_ table: KernelTable) -> UnsafePointer<KernelTable> {
    let pointer = UnsafeMutablePointer<KernelTable>.allocate(capacity: 1)
    pointer.initialize(to: table)
    return UnsafePointer(pointer)
  }

  private nonisolated(unsafe) static let portable = immortal(makePortableKernels())
  private nonisolated(unsafe) static let avx2 = immortal(makeAVX2Kernels())
  private nonisolated(unsafe) static let avx512 = immortal(makeAVX512Kernels())
}
