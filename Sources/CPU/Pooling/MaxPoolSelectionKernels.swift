import Graph
import Tensor

/// See `MaxPool2DGather`.
struct MaxPoolGatherKernel: CPUKernel {
  private let selection: MaxPoolSelection

  init(_ window: PoolingWindow, input: Shape, output: Shape) {
    selection = MaxPoolSelection(window, input: input, output: output)
  }

  var scratchCount: Int { selection.scratchCount }

  var layoutSupport: LayoutSupport { LayoutSupport(output: 0, likeOutput: [0, 1]) }

  func evaluate(_ arguments: KernelArguments) {
    selection.forEach(arguments, in: arguments.inputs[0], arguments.layouts.output) { output, selected in
      arguments.output[output] = selected.map { arguments.inputs[1][$0] } ?? 0
    }
  }
}

/// See `MaxPool2DScatter`.
struct MaxPoolScatterKernel: CPUKernel {
  private let selection: MaxPoolSelection

  /// - Parameters: of the pooling: its input, which is the kernel's output, and its output.
  init(_ window: PoolingWindow, input: Shape, output: Shape) {
    selection = MaxPoolSelection(window, input: input, output: output)
  }

  var scratchCount: Int { selection.scratchCount }

  var layoutSupport: LayoutSupport { LayoutSupport(output: 0, likeOutput: [0, 1]) }

  func evaluate(_ arguments: KernelArguments) {
    let (gradient, target) = (arguments.inputs[1], arguments.output)
    selection.forEach(
      arguments, in: arguments.inputs[0], arguments.layouts.output,
      begin: { (target + $0.lowerBound).update(repeating: 0, count: $0.count) },
      { output, selected in
        if let selected { target[selected] += gradient[output] }
      })
  }
}
