/// x sigmoid(x), also called swish.
package struct SiLU: ElementwiseOperator {
  package static let name = "silu"

  package var expression: ScalarExpression { .x * .sigmoid(.x) }

  package func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.apply(SiLUDerivative(), [input])
  }
}
