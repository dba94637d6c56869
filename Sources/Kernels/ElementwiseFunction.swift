import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// A function of one number that every instruction set computes by vectors; what is said in `KernelsPortable`.
public enum ElementwiseFunction: Sendable, Hashable, CaseIterable {
  case sigmoid
  case silu, siluDerivative
  case gelu, geluDerivative
  case geluTanh, geluTanhDerivative
  case hyperbolicTangent
  case errorFunction
}

extension VectorKernels {
  /// Applies a function to `count` numbers; `output` may be `source`. A number's result does not depend on its place.
  public func apply(
    _ function: ElementwiseFunction, count: Int, source: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>
  ) {
    switch (instructionSet, function) {
    case (.portable, .sigmoid): KernelsPortable.sigmoid(count, source, output)
    case (.portable, .silu): KernelsPortable.silu(count, source, output)
    case (.portable, .siluDerivative): KernelsPortable.siluDerivative(count, source, output)
    case (.portable, .gelu): KernelsPortable.gelu(count, source, output)
    case (.portable, .geluDerivative): KernelsPortable.geluDerivative(count, source, output)
    case (.portable, .geluTanh): KernelsPortable.geluTanh(count, source, output)
    case (.portable, .geluTanhDerivative): KernelsPortable.geluTanhDerivative(count, source, output)
    case (.portable, .hyperbolicTangent): KernelsPortable.hyperbolicTangent(count, source, output)
    case (.portable, .errorFunction): KernelsPortable.errorFunction(count, source, output)
    case (.avx2, .sigmoid): KernelsAVX2.sigmoid(count, source, output)
    case (.avx2, .silu): KernelsAVX2.silu(count, source, output)
    case (.avx2, .siluDerivative): KernelsAVX2.siluDerivative(count, source, output)
    case (.avx2, .gelu): KernelsAVX2.gelu(count, source, output)
    case (.avx2, .geluDerivative): KernelsAVX2.geluDerivative(count, source, output)
    case (.avx2, .geluTanh): KernelsAVX2.geluTanh(count, source, output)
    case (.avx2, .geluTanhDerivative): KernelsAVX2.geluTanhDerivative(count, source, output)
    case (.avx2, .hyperbolicTangent): KernelsAVX2.hyperbolicTangent(count, source, output)
    case (.avx2, .errorFunction): KernelsAVX2.errorFunction(count, source, output)
    case (.avx512, .sigmoid): KernelsAVX512.sigmoid(count, source, output)
    case (.avx512, .silu): KernelsAVX512.silu(count, source, output)
    case (.avx512, .siluDerivative): KernelsAVX512.siluDerivative(count, source, output)
    case (.avx512, .gelu): KernelsAVX512.gelu(count, source, output)
    case (.avx512, .geluDerivative): KernelsAVX512.geluDerivative(count, source, output)
    case (.avx512, .geluTanh): KernelsAVX512.geluTanh(count, source, output)
    case (.avx512, .geluTanhDerivative): KernelsAVX512.geluTanhDerivative(count, source, output)
    case (.avx512, .hyperbolicTangent): KernelsAVX512.hyperbolicTangent(count, source, output)
    case (.avx512, .errorFunction): KernelsAVX512.errorFunction(count, source, output)
    }
  }
}
