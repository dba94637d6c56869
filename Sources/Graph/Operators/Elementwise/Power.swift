/// left to the power of right.
package struct Power: BroadcastingOperator {
  package static let name = "power"

  package var expression: ScalarExpression { .binary(.power, .x, .y) }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    let base = try graph.multiply(gradient, slope(&graph, inputs))
    var exponent: Graph.Value?
    // A constant exponent needs no derivative, and the logarithm of a negative base would be NaN.
    if graph.constantTensor(inputs[1]) == nil {
      let scaled = try graph.multiply(gradient, graph.multiply(output, graph.log(inputs[0])))
      exponent = try graph.unbroadcast(scaled, to: graph.shape(of: inputs[1]))
    }
    return [try graph.unbroadcast(base, to: graph.shape(of: inputs[0])), exponent]
  }

  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    var terms: [Graph.Value] = []
    if let tangent = tangents[0] { terms.append(try graph.multiply(tangent, slope(&graph, inputs))) }
    if let tangent = tangents[1] {
      terms.append(try graph.multiply(tangent, graph.multiply(output, graph.log(inputs[0]))))
    }
    return try graph.total(terms)
  }

  /// d(a^b) / da = b a^(b - 1)
  private func slope(_ graph: inout Graph, _ inputs: [Graph.Value]) throws(GraphError) -> Graph.Value {
    let less = try graph.subtract(inputs[1], graph.constant(1))
    return try graph.multiply(inputs[1], graph.apply(Power(), [inputs[0], less]))
  }
}
