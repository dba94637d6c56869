/// -1, 0 or 1.
package struct Sign: ElementwiseOperator {
  package static let name = "sign"

  package var expression: ScalarExpression { .select(.greater(.x, 0), 1, .select(.greater(0, .x), -1, 0)) }

  package func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    nil
  }
}
