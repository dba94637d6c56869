/// Phi(x) + x phi(x), or the derivative of GELU's tanh approximation.
package struct GELUDerivative: ElementwiseOperator {
  package static let name = "gelu-derivative"

  package var tanhApproximation = false

  package var expression: ScalarExpression {
    guard tanhApproximation else {
      let cumulative = 0.5 * (1 + .unary(.errorFunction, .x * .constant(Float(0.5.squareRoot())))) as ScalarExpression
      return cumulative + .x * .constant(Float(1 / (2 * Double.pi).squareRoot())) * .exp(-0.5 * .x * .x)
    }
    let s = ScalarExpression.sigmoid(GELU.sigmoidArgument)
    let slope = GELU.linear + 3 * GELU.cubic * .x * .x
    return s + .x * s * (1 - s) * slope
  }

  package func derivative(
    _ graph: inout Graph, input x: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    let one = graph.constant(1)
    let two = graph.constant(2)
    let square = try graph.multiply(x, x)
    guard tanhApproximation else {
      // phi(x) (2 - x^2)
      let density = try graph.multiply(
        graph.constant(Float(1 / (2 * Double.pi).squareRoot())), graph.exp(graph.multiply(graph.constant(-0.5), square))
      )
      return try graph.multiply(density, graph.subtract(two, square))
    }
    // GELU is x s, s = sigmoid(v), v = c (x + a x^3); s (1 - s) (2 v' + x v'' + x (1 - 2 s) v'^2)
    let linear = graph.constant(Float(2 * (2 / Double.pi).squareRoot()))
    let cubic = graph.constant(Float(2 * (2 / Double.pi).squareRoot() * 0.044715))
    let cubicTerm = try graph.multiply(cubic, square)
    let s = try graph.sigmoid(graph.multiply(x, graph.add(linear, cubicTerm)))
    let first = try graph.add(linear, graph.multiply(graph.constant(3), cubicTerm))
    // x v''
    let second = try graph.multiply(graph.constant(6), cubicTerm)
    let bend = try graph.multiply(
      graph.multiply(x, graph.subtract(one, graph.multiply(two, s))), graph.multiply(first, first))
    return try graph.multiply(
      graph.multiply(s, graph.subtract(one, s)),
      graph.add(graph.add(graph.multiply(two, first), second), bend))
  }
}
