import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// Pooling.
extension VectorKernels {
  @inline(__always)
  public func pairPool(
    height: Int, width: Int, source: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>
  ) {
    switch instructionSet {
    case .portable:
      KernelsPortable.pairPool(
        height: height, width: width, source: source, output: output)
    case .avx2:
      KernelsAVX2.pairPool(
        height: height, width: width, source: source, output: output)
    case .avx512:
      KernelsAVX512.pairPool(
        height: height, width: width, source: source, output: output)
    }
  }

  @inline(__always)
  public func raiseToLargest(count: Int, step: Int, source: UnsafePointer<Float>, largest: UnsafeMutablePointer<Float>)
  {
    switch instructionSet {
    case .portable: KernelsPortable.raiseToLargest(count: count, step: step, source: source, largest: largest)
    case .avx2: KernelsAVX2.raiseToLargest(count: count, step: step, source: source, largest: largest)
    case .avx512: KernelsAVX512.raiseToLargest(count: count, step: step, source: source, largest: largest)
    }
  }

  @inline(__always)
  public func selectLargest(
    count: Int, step: Int, source: UnsafePointer<Float>, position: Int32, largest: UnsafeMutablePointer<Float>,
    selected: UnsafeMutablePointer<Int32>
  ) {
    switch instructionSet {
    case .portable:
      KernelsPortable.selectLargest(
        count: count, step: step, source: source, position: position, largest: largest, selected: selected)
    case .avx2:
      KernelsAVX2.selectLargest(
        count: count, step: step, source: source, position: position, largest: largest, selected: selected)
    case .avx512:
      KernelsAVX512.selectLargest(
        count: count, step: step, source: source, position: position, largest: largest, selected: selected)
    }
  }

  @inline(__always)
  public func addRow(count: Int, step: Int, source: UnsafePointer<Float>, sums: UnsafeMutablePointer<Float>) {
    switch instructionSet {
    case .portable: KernelsPortable.addRow(count: count, step: step, source: source, sums: sums)
    case .avx2: KernelsAVX2.addRow(count: count, step: step, source: source, sums: sums)
    case .avx512: KernelsAVX512.addRow(count: count, step: step, source: source, sums: sums)
    }
  }

  @inline(__always)
  public func spreadRow(count: Int, step: Int, values: UnsafePointer<Float>, target: UnsafeMutablePointer<Float>) {
    switch instructionSet {
    case .portable: KernelsPortable.spreadRow(count: count, step: step, values: values, target: target)
    case .avx2: KernelsAVX2.spreadRow(count: count, step: step, values: values, target: target)
    case .avx512: KernelsAVX512.spreadRow(count: count, step: step, values: values, target: target)
    }
  }
}
