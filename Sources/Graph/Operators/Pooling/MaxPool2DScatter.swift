import Tensor

/// Inputs (x, g): puts each g at the position that max pooling of x selects; linear in g. Reverse rule of `MaxPool2D`.
package struct MaxPool2DScatter: Operator {
  package static let name = "max-pool2d-scatter"

  package let window: PoolingWindow

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(2, inputs)
    guard let pooled = window.output(inputs[0]), pooled == inputs[1] else {
      throw mismatch(inputs, "the second is not the pooled shape of the first")
    }
    return inputs[0]
  }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    [nil, try graph.apply(MaxPool2DGather(window: window), [inputs[0], gradient])]
  }

  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    guard let tangent = tangents[1] else { return nil }
    return try graph.apply(self, [inputs[0], tangent])
  }
}
