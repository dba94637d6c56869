/// 1 where left > right, else 0. Piecewise constant: its derivative is zero.
package struct Greater: BroadcastingOperator {
  package static let name = "greater"

  package var expression: ScalarExpression { .greater(.x, .y) }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] { [nil, nil] }

  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? { nil }
}
