import Graph
import Kernels

/// See `Standardise` and `FusedStandardise`.
struct StandardiseKernel: CPUKernel {
  let epsilon: Float
  private let vectors = VectorKernels()

  init(epsilon: Float) { self.epsilon = epsilon }

  /// Inputs: x, then scale and shift where present.
  func evaluate(_ arguments: KernelArguments) {
    guard let count = arguments.outputShape.dimensions.last, count > 0 else { return }
    let inputs = arguments.inputs
    arguments.forEachBlock(
      of: arguments.outputShape.count / count, blockSize: KernelArguments.blockSize(work: 4 * count)
    ) { rows, _ in
      let start = rows.lowerBound * count
      vectors.standardiseRows(
        rows: rows.count, count: count, source: inputs[0] + start, output: arguments.output + start, epsilon: epsilon,
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
    guard let count = arguments.outputShape.dimensions.last, count > 0 else { return }
    let inputs = arguments.inputs
    arguments.forEachBlock(
      of: arguments.outputShape.count / count, blockSize: KernelArguments.blockSize(work: 8 * count)
    ) { rows, _ in
      let start = rows.lowerBound * count
      vectors.standardiseRowsGradient(
        rows: rows.count, count: count, source: inputs[0] + start, gradient: inputs[1] + start,
        scale: inputs.count > 2 ? inputs[2] : nil, output: arguments.output + start, epsilon: epsilon)
    }
  }
}
