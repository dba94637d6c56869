import Tensor

/// Sum over `axes`, which stay with extent 1. Accumulated in double precision, in row-major order.
package struct Sum: LinearOperator {
  package static let name = "sum"

  /// Ascending, each once.
  package let axes: [Int]

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1, inputs)
    guard inputs[0].hasAxes(axes) else { throw mismatch(inputs, "no such axes \(axes)") }
    return inputs[0].reduced(over: axes)
  }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    [try graph.broadcast(gradient, to: graph.shape(of: inputs[0]))]
  }
}
