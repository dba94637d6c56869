import Tensor

/// Inputs (condition, a, b) of one shape: a where the condition is not 0, else b. Linear in a and b; what is not selected
/// may be infinite or NaN.
package struct Select: ScalarOperator {
  package static let name = "select"

  package var isElementwise: Bool { true }

  package var expression: ScalarExpression { .select(.x, .y, .z) }

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(3, inputs)
    guard inputs[0] == inputs[1], inputs[1] == inputs[2] else { throw mismatch(inputs, "the shapes differ") }
    return inputs[0]
  }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    let zero = graph.constant(Tensor(shape: graph.shape(of: output), repeating: 0))
    return [
      nil, try graph.apply(self, [inputs[0], gradient, zero]), try graph.apply(self, [inputs[0], zero, gradient]),
    ]
  }

  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    guard tangents[1] != nil || tangents[2] != nil else { return nil }
    let zero = graph.constant(Tensor(shape: graph.shape(of: output), repeating: 0))
    return try graph.apply(self, [inputs[0], tangents[1] ?? zero, tangents[2] ?? zero])
  }
}
