/// Inputs (signal, reference): signal where lower < reference < upper, else slope * signal. The derivative of the rectifiers and
/// of limits, and linear in the signal; piecewise constant in the reference.
package struct Gate: BroadcastingOperator {
  package static let name = "gate"

  package let slope: Float
  package let lower: Float
  /// nil: none.
  package let upper: Float?

  package init(slope: Float = 0) { (self.slope, lower, upper) = (slope, 0, nil) }

  package init(lower: Float, upper: Float) { (slope, self.lower, self.upper) = (0, lower, upper) }

  package var expression: ScalarExpression {
    let closed: ScalarExpression = slope == 0 ? 0 : .constant(slope) * .x
    let open = ScalarExpression.select(.greater(.y, .constant(lower)), .x, closed)
    return upper.map { .select(.binary(.greaterOrEqual, .y, .constant($0)), 0, open) } ?? open
  }

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
