import Graph
import Kernels

/// How a function of one number is computed.
protocol UnaryFunction: Sendable {
  func callAsFunction(_ x: Float) -> Float

  /// The function of `count` numbers, to the same bits as one by one; `output` may be `source`.
  func apply(_ count: Int, _ source: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>)
}

extension UnaryFunction {
  @inline(__always)
  func apply(_ count: Int, _ source: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>) {
    // In place, one pointer says so: a loop over two that may overlap is not vectorised.
    if UnsafePointer(output) == source {
      for index in 0..<count { output[index] = self(output[index]) }
    } else {
      for index in 0..<count { output[index] = self(source[index]) }
    }
  }
}

/// A function that every instruction set has a kernel of its own for.
protocol VectorisedFunction: UnaryFunction {
  var function: ElementwiseFunction { get }
}

extension VectorisedFunction {
  func callAsFunction(_ x: Float) -> Float {
    var y = x
    withUnsafeMutablePointer(to: &y) { apply(1, UnsafePointer($0), $0) }
    return y
  }

  func apply(_ count: Int, _ source: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>) {
    VectorKernels().apply(function, count: count, source: source, output: output)
  }
}

/// A function of one number, of every element.
struct UnaryKernel<Function: UnaryFunction>: CPUKernel {
  let function: Function

  func evaluate(_ arguments: KernelArguments) {
    let (input, output) = (arguments.inputs[0], arguments.output)
    arguments.forEachBlock(of: arguments.outputShape.count, blockSize: KernelArguments.blockSize(work: 1)) { range, _ in
      function.apply(range.count, input + range.lowerBound, output + range.lowerBound)
    }
  }
}
