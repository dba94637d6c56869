/// The error function; its derivative is 2 / sqrt(pi) e to the -x^2.
package struct ErrorFunction: ElementwiseOperator {
  package static let name = "erf"

  package var expression: ScalarExpression { .unary(.errorFunction, .x) }

  package func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    let square = try graph.multiply(input, input)
    return try graph.multiply(graph.constant(Float(2 / Double.pi.squareRoot())), graph.exp(graph.negate(square)))
  }
}
