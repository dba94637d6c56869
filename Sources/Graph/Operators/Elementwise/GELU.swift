/// Gaussian error linear unit x Phi(x) (Hendrycks and Gimpel 2016), exact or in its tanh approximation.
package struct GELU: ElementwiseOperator {
  package static let name = "gelu"

  package var tanhApproximation = false

  package var expression: ScalarExpression {
    guard tanhApproximation else {
      return 0.5 * .x * (1 + .unary(.errorFunction, .x * .constant(Float(0.5.squareRoot()))))
    }
    return .x * .sigmoid(Self.sigmoidArgument)
  }

  package func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    try graph.apply(GELUDerivative(tanhApproximation: tanhApproximation), [input])
  }

  package static let linear = ScalarExpression.constant(Float(2 * (2 / Double.pi).squareRoot()))
  package static let cubic = ScalarExpression.constant(Float(2 * (2 / Double.pi).squareRoot() * 0.044715))

  /// Of the approximation x sigmoid(v), which is x (1 + tanh(v / 2)) / 2.
  package static var sigmoidArgument: ScalarExpression { linear * .x + cubic * .x * .x * .x }
}
