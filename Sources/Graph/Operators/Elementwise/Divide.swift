/// left / right.
package struct Divide: BroadcastingOperator {
  package static let name = "divide"

  package var expression: ScalarExpression { .x / .y }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    // d(a / b) = da / b - (a / b) db / b
    let left = try graph.divide(gradient, inputs[1])
    let right = try graph.negate(graph.multiply(left, output))
    return [
      try graph.unbroadcast(left, to: graph.shape(of: inputs[0])),
      try graph.unbroadcast(right, to: graph.shape(of: inputs[1])),
    ]
  }

  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    var terms: [Graph.Value] = []
    if let tangent = tangents[0] { terms.append(try graph.divide(tangent, inputs[1])) }
    if let tangent = tangents[1] {
      terms.append(try graph.negate(graph.multiply(output, graph.divide(tangent, inputs[1]))))
    }
    return try graph.total(terms)
  }
}
