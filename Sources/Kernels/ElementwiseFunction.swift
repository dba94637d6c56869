/// A function of one number that every instruction set computes by vectors; what is said in `KernelsPortable`.
package enum ElementwiseFunction: Sendable, Hashable, CaseIterable {
  case sigmoid
  case silu, siluDerivative
  case gelu, geluDerivative
  case geluTanh, geluTanhDerivative
  case hyperbolicTangent
  case errorFunction
}

extension VectorKernels {
  /// Applies a function to `count` numbers; `output` may be `source`. A number's result does not depend on its place.
  package func apply(
    _ function: ElementwiseFunction, count: Int, source: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>
  ) {
    let kernel =
      switch function {
      case .sigmoid: table.pointee.sigmoid
      case .silu: table.pointee.silu
      case .siluDerivative: table.pointee.siluDerivative
      case .gelu: table.pointee.gelu
      case .geluDerivative: table.pointee.geluDerivative
      case .geluTanh: table.pointee.geluTanh
      case .geluTanhDerivative: table.pointee.geluTanhDerivative
      case .hyperbolicTangent: table.pointee.hyperbolicTangent
      case .errorFunction: table.pointee.errorFunction
      }
    kernel(count, source, output)
  }
}
