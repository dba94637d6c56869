import Tensor

/// Inputs (x, t), both `[N, C, H, W]`: the t at the position that max pooling of x selects; linear in t. Forward rule of
/// `MaxPool2D`.
package struct MaxPool2DGather: Operator {
  package static let name = "max-pool2d-gather"

  package let window: PoolingWindow

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(2, inputs)
    guard inputs[0] == inputs[1], let pooled = window.output(inputs[0]) else {
      throw mismatch(inputs, "the two shapes differ, or the window does not fit")
    }
    return pooled
  }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    [nil, try graph.apply(MaxPool2DScatter(window: window), [inputs[0], gradient])]
  }

  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    guard let tangent = tangents[1] else { return nil }
    return try graph.apply(self, [inputs[0], tangent])
  }
}
