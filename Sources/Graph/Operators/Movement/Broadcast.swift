import Tensor

/// Repeats the input along new leading axes and axes of extent 1, by NumPy's rule.
package struct Broadcast: LinearOperator {
  package static let name = "broadcast"

  package let shape: Shape

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1, inputs)
    guard inputs[0].rank <= shape.rank, Shape(broadcasting: inputs[0], shape) == shape else {
      throw mismatch(inputs, "does not broadcast to \(shape)")
    }
    return shape
  }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    [try graph.unbroadcast(gradient, to: graph.shape(of: inputs[0]))]
  }
}
