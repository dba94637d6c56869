/// max(x, 0), or x * slope below zero. The derivative at 0 is the slope, as in PyTorch.
package struct ReLU: ElementwiseOperator {
  package static let name = "relu"

  package var slope: Float = 0

  package var expression: ScalarExpression { .select(.greater(0, .x), slope == 0 ? 0 : .constant(slope) * .x, .x) }

  // Gating by the output, not the input: they have the same sign (for slopes of at least 0), and then the input's memory can
  // be reused.
  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    [try graph.apply(Gate(slope: slope), [gradient, slope < 0 ? inputs[0] : output])]
  }

  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    guard let tangent = tangents[0] else { return nil }
    return try graph.apply(Gate(slope: slope), [tangent, slope < 0 ? inputs[0] : output])
  }

  package func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    let one = graph.constant(1)
    return try graph.apply(Gate(slope: slope), [one, slope < 0 ? input : output])
  }
}
