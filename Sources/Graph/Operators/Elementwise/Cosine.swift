/// cos x, x in radians.
package struct Cosine: ElementwiseOperator {
  package static let name = "cos"

  package var expression: ScalarExpression { .unary(.cosine, .x) }

  package func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.negate(graph.apply(Sine(), [input]))
  }
}
