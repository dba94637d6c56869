import Kernels
import Tensor

/// Inputs (x, g): puts each g at the position that max pooling of x selects; linear in g. Reverse rule of `MaxPool2D`.
struct MaxPool2DScatter: Operator {
  static let name = "max-pool2d-scatter"

  let window: PoolingWindow

  func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(2, inputs)
    guard let pooled = window.output(inputs[0]), pooled == inputs[1] else {
      throw mismatch(inputs, "the second is not the pooled shape of the first")
    }
    return inputs[0]
  }

  func evaluate(_ kernel: KernelArguments) {
    if window.isPairs { return evaluatePairs(kernel) }
    let selection = MaxPoolSelection(window, input: kernel.inputShapes[0], output: kernel.inputShapes[1])
    selection.forEach(
      kernel, in: kernel.inputs[0],
      begin: { (kernel.output + $0).update(repeating: 0, count: selection.inputPlane) },
      { output, selected in
        if let selected { kernel.output[selected] += kernel.inputs[1][output] }
      })
  }

  private func evaluatePairs(_ kernel: KernelArguments) {
    let (input, pooled) = (kernel.inputShapes[0], kernel.inputShapes[1])
    let (plane, pooledPlane) = (input[2] * input[3], pooled[2] * pooled[3])
    PoolingTraversal(window, input: input, output: pooled).forEachPlane(kernel, of: input[0] * input[1]) { index in
      let target = kernel.output + index * plane
      // An odd last row or column is in no window.
      if input[2] % 2 + input[3] % 2 > 0 { target.update(repeating: 0, count: plane) }
      VectorKernels().pairPoolScatter(
        height: input[2], width: input[3], source: kernel.inputs[0] + index * plane,
        gradient: kernel.inputs[1] + index * pooledPlane, output: target)
    }
  }

  func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    [nil, try graph.apply(MaxPool2DGather(window: window), [inputs[0], gradient])]
  }

  func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    guard let tangent = tangents[1] else { return nil }
    return try graph.apply(self, [inputs[0], tangent])
  }
}
