/// -x.
package struct Negate: ElementwiseOperator {
  package static let name = "negate"

  package var expression: ScalarExpression { -.x }

  package func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    graph.constant(-1)
  }
}
