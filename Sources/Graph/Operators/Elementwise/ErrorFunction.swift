import Kernels

/// The error function; its derivative is 2 / sqrt(pi) e to the -x^2.
struct ErrorFunction: VectorisedOperator {
  static let name = "erf"

  var function: ElementwiseFunction { .errorFunction }

  func derivative(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    let square = try graph.multiply(input, input)
    return try graph.multiply(graph.constant(Float(2 / Double.pi.squareRoot())), graph.exp(graph.negate(square)))
  }
}
