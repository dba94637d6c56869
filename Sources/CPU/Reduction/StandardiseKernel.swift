import Graph
import Kernels

/// See `Standardise` and `FusedStandardise`.
struct StandardiseKernel: CPUKernel {
  let epsilon: Float
  private let vectors = VectorKernels()

  init(epsilon: Float) { self.epsilon = epsilon }

  /// Inputs: x, then scale and shift where present.
  func evaluate(_ arguments: KernelArguments) {
    let inputs = arguments.inputs
    arguments.forEachBlockOfRows(work: 2, together: 4) { rows, start, count, _ in
      vectors.standardiseRows(
        rows: rows, count: count, source: inputs[0] + start, output: arguments.output + start, epsilon: epsilon,
        scale: inputs.count > 1 ? inputs[1] : nil, shift: inputs.count > 2 ? inputs[2] : nil)
    }
  }
}

/// See `StandardiseGradient` and `FusedStandardiseGradient`.
struct StandardiseGradientKernel: CPUKernel {
  let epsilon: Float
  private let vectors = VectorKernels()

  init(epsilon: Float) { self.epsilon = epsilon }

  /// Inputs: x, the signal, then the scale where present.
  func evaluate(_ arguments: KernelArguments) {
    let inputs = arguments.inputs
    arguments.forEachBlockOfRows(work: 4, together: 4) { rows, start, count, _ in
      vectors.standardiseRowsGradient(
        rows: rows, count: count, source: inputs[0] + start, gradient: inputs[1] + start,
        scale: inputs.count > 2 ? inputs[2] : nil, output: arguments.output + start, epsilon: epsilon)
    }
  }
}
