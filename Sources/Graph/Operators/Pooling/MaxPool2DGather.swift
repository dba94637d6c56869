import Tensor

/// Inputs (x, t), both `[N, C, H, W]`: the t at the position that max pooling of x selects; linear in t. Forward rule of
/// `MaxPool2D`.
struct MaxPool2DGather: Operator {
  static let name = "max-pool2d-gather"

  let window: PoolingWindow

  func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(2, inputs)
    guard inputs[0] == inputs[1], let pooled = window.output(inputs[0]) else {
      throw mismatch(inputs, "the two shapes differ, or the window does not fit")
    }
    return pooled
  }

  func scratchCount(inputs: [Shape], output: Shape) -> Int { MaxPoolSelection.scratchCount(output: output) }

  func evaluate(_ kernel: KernelArguments) {
    MaxPoolSelection(window, input: kernel.inputShapes[0], output: kernel.outputShape)
      .forEach(kernel, in: kernel.inputs[0]) { output, selected in
        kernel.output[output] = selected.map { kernel.inputs[1][$0] } ?? 0
      }
  }

  func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    [nil, try graph.apply(MaxPool2DScatter(window: window), [inputs[0], gradient])]
  }

  func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    guard let tangent = tangents[1] else { return nil }
    return try graph.apply(self, [inputs[0], tangent])
  }
}
