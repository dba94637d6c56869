import Kernels

/// An elementwise operator whose function has a kernel of its own.
protocol VectorisedOperator: ElementwiseOperator {
  var function: ElementwiseFunction { get }
}

extension VectorisedOperator {
  func callAsFunction(_ x: Float) -> Float {
    var y = x
    withUnsafeMutablePointer(to: &y) { apply(1, UnsafePointer($0), $0) }
    return y
  }

  func apply(_ count: Int, _ source: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>) {
    VectorKernels().apply(function, count: count, source: source, output: output)
  }
}
