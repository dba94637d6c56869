/// s + x s (1 - s), s = sigmoid(x).
package struct SiLUDerivative: ElementwiseOperator {
  package static let name = "silu-derivative"

  package var expression: ScalarExpression {
    let s = ScalarExpression.sigmoid(.x)
    return s + .x * s * (1 - s)
  }

  package func derivative(
    _ graph: inout Graph, input x: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    // s (1 - s) (2 + x (1 - 2 s))
    let one = graph.constant(1)
    let s = try graph.sigmoid(x)
    let slope = try graph.multiply(s, graph.subtract(one, s))
    let bend = try graph.multiply(x, graph.subtract(one, graph.add(s, s)))
    return try graph.multiply(slope, graph.add(graph.constant(2), bend))
  }
}
