/// 1 where left = right, else 0. Piecewise constant: its derivative is zero.
package struct Equal: BroadcastingOperator {
  package static let name = "equal"

  package var expression: ScalarExpression { .equal(.x, .y) }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] { [nil, nil] }

  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? { nil }
}
