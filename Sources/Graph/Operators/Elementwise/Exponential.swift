/// e to the x.
package struct Exponential: ElementwiseOperator {
  package static let name = "exp"

  package var expression: ScalarExpression { .exp(.x) }

  package func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    output
  }
}
