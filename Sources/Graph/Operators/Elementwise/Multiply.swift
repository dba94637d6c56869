/// left * right.
package struct Multiply: BroadcastingOperator, BilinearOperator {
  package static let name = "multiply"

  package var expression: ScalarExpression { .x * .y }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    let left = try graph.multiply(gradient, inputs[1])
    let right = try graph.multiply(gradient, inputs[0])
    return [
      try graph.unbroadcast(left, to: graph.shape(of: inputs[0])),
      try graph.unbroadcast(right, to: graph.shape(of: inputs[1])),
    ]
  }
}
