/// Limits x to [lower, upper]. The derivative is 1 inside, 0 outside, and exactly on the bounds 1 or 0: PyTorch's relu6 and
/// hardtanh have 0 there, its clamp had 1 until version 2.13 and has 0 since 2.15.
package struct Clip: ElementwiseOperator {
  package static let name = "clip"

  package let lower: Float
  package let upper: Float
  package var includesBounds = true

  package var expression: ScalarExpression {
    let raised = ScalarExpression.select(.greater(.constant(lower), .x), .constant(lower), .x)
    return .select(.greater(raised, .constant(upper)), .constant(upper), raised)
  }

  package func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.apply(Inside(lower: lower, upper: upper, includesBounds: includesBounds), [input])
  }

  // Without its bounds the output is inside where the input is. Gating by it leaves the input with one reader, so that the
  // layer before can be joined with this.
  package func derivative(
    _ graph: inout Graph, times signal: Graph.Value, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    if includesBounds, let inside = try derivative(&graph, input: input, output: output) {
      return try graph.multiply(signal, inside)
    }
    return try graph.apply(Gate(lower: lower, upper: upper), [signal, output])
  }
}

/// 1 where x is in [lower, upper], or in (lower, upper), else 0.
package struct Inside: ElementwiseOperator {
  package static let name = "inside"

  package let lower: Float
  package let upper: Float
  package var includesBounds = true

  package var expression: ScalarExpression {
    let comparison = includesBounds ? ScalarExpression.Binary.greaterOrEqual : .greater
    return .binary(comparison, .x, .constant(lower)) * .binary(comparison, .constant(upper), .x)
  }

  package func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? { nil }
}
