/// The larger of left and right. Equal operands take half of the derivative each, as in PyTorch's `maximum`.
package struct Larger: BroadcastingOperator {
  package static let name = "larger"

  package var expression: ScalarExpression { .select(.greater(.x, .y), .x, .select(.equal(.x, .x), .y, .x)) }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    let share = try leftShare(&graph, inputs)
    let left = try graph.multiply(gradient, share)
    return [
      try graph.unbroadcast(left, to: graph.shape(of: inputs[0])),
      try graph.unbroadcast(graph.subtract(gradient, left), to: graph.shape(of: inputs[1])),
    ]
  }

  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    let share = try leftShare(&graph, inputs)
    var terms: [Graph.Value] = []
    if let tangent = tangents[0] { terms.append(try graph.multiply(tangent, share)) }
    if let tangent = tangents[1] {
      terms.append(try graph.multiply(tangent, graph.subtract(graph.constant(1), share)))
    }
    return try graph.total(terms)
  }

  /// 1 where left is larger, 1/2 where both are equal, else 0, of the output's shape.
  private func leftShare(_ graph: inout Graph, _ inputs: [Graph.Value]) throws(GraphError) -> Graph.Value {
    let isLarger = try graph.apply(Greater(), [inputs[0], inputs[1]])
    let isSmaller = try graph.apply(Greater(), [inputs[1], inputs[0]])
    return try graph.multiply(
      graph.constant(0.5), graph.add(graph.constant(1), graph.subtract(isLarger, isSmaller)))
  }
}
