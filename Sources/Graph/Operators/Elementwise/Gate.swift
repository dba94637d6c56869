/// Inputs (signal, reference): signal where reference > 0, else slope * signal. The derivative of the rectifiers, and
/// linear in the signal; piecewise constant in the reference.
package struct Gate: BroadcastingOperator {
  package static let name = "gate"

  package var slope: Float = 0

  package var expression: ScalarExpression { .select(.greater(.y, 0), .x, slope == 0 ? 0 : .constant(slope) * .x) }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    let signal = try graph.apply(self, [gradient, inputs[1]])
    return [try graph.unbroadcast(signal, to: graph.shape(of: inputs[0])), nil]
  }

  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    guard let tangent = tangents[0] else { return nil }
    return try graph.apply(self, [tangent, inputs[1]])
  }
}
