/// log(1 + e to the (beta x)) / beta; the smooth rectifier. Above beta x = 20 it is x, as in PyTorch.
package struct Softplus: ElementwiseOperator {
  package static let name = "softplus"

  package var beta: Float = 1

  package var expression: ScalarExpression {
    let z = .constant(beta) * ScalarExpression.x
    let rectified = ScalarExpression.select(.greater(z, 0), z, 0)
    let series = ScalarExpression.unary(.logarithmOfOnePlus, .exp(-.unary(.absoluteValue, z)))
    return .select(.greater(z, 20), .x, (rectified + series) / .constant(beta))
  }

  package func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.sigmoid(graph.multiply(input, graph.constant(beta)))
  }
}
