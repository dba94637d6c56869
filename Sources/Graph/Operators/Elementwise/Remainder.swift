/// The remainder of left / right, exact also where the quotient is large: fmod(a, infinity) = a.
package struct Remainder: BroadcastingOperator {
  package static let name = "remainder"

  package enum Sign: Hashable {
    /// C's `fmod`.
    case dividend
    /// NumPy's `mod`, PyTorch's `remainder`.
    case divisor
  }

  package let sign: Sign

  package var expression: ScalarExpression {
    let rest = ScalarExpression.binary(.truncatedRemainder, .x, .y)
    guard sign == .divisor else { return rest }
    let isSameSign = ScalarExpression.equal(.greater(0, rest), .greater(0, .y))
    return .select(.equal(rest, 0), .binary(.copySign, 0, .y), .select(isSameSign, rest, rest + .y))
  }

  // left - right * quotient, where the quotient is piecewise constant.

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    let right = try graph.negate(graph.multiply(gradient, quotient(&graph, inputs, output)))
    return [
      try graph.unbroadcast(gradient, to: graph.shape(of: inputs[0])),
      try graph.unbroadcast(right, to: graph.shape(of: inputs[1])),
    ]
  }

  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    var terms: [Graph.Value] = []
    if let tangent = tangents[0] { terms.append(try graph.broadcast(tangent, to: graph.shape(of: output))) }
    if let tangent = tangents[1] {
      terms.append(try graph.negate(graph.multiply(tangent, quotient(&graph, inputs, output))))
    }
    return try graph.total(terms)
  }

  /// The whole number that the division was rounded to.
  private func quotient(
    _ graph: inout Graph, _ inputs: [Graph.Value], _ output: Graph.Value
  ) throws(GraphError) -> Graph.Value {
    try graph.round(graph.divide(graph.subtract(inputs[0], output), inputs[1]))
  }
}
