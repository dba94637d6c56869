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

  func scratchCount(inputs: [Shape], output: Shape) -> Int { MaxPoolSelection.scratchCount(output: inputs[1]) }

  func evaluate(_ kernel: KernelArguments) {
    let selection = MaxPoolSelection(window, input: kernel.inputShapes[0], output: kernel.inputShapes[1])
    let (gradient, target) = (kernel.inputs[1], kernel.output)
    selection.forEach(
      kernel, in: kernel.inputs[0], begin: { (target + $0).update(repeating: 0, count: selection.inputPlane) },
      { output, selected in
        if let selected { target[selected] += gradient[output] }
      })
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
