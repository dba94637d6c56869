/// max(x, 0), or x * slope below zero. The derivative at 0 is the slope, as in PyTorch.
package struct ReLU: ElementwiseOperator {
  package static let name = "relu"

  package var slope: Float = 0

  package var expression: ScalarExpression { .select(.greater(0, .x), slope == 0 ? 0 : .constant(slope) * .x, .x) }

  // Gating by the output, not the input: they have the same sign (for slopes of at least 0), and then the input's memory can
  // be reused.
  package func derivative(
    _ graph: inout Graph, times signal: Graph.Value, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.apply(Gate(slope: slope), [signal, slope < 0 ? input : output])
  }

  package func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    let one = graph.constant(1)
    return try derivative(&graph, times: one, input: input, output: output)
  }
}
