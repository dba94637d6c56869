import Tensor

/// A function of one number, applied to every element. Conformers give the formula and its derivative rule.
package protocol ElementwiseOperator: ScalarOperator {
  /// The derivative at each element as graph operators, to be multiplied with an incoming gradient or tangent.
  /// Nil means zero everywhere.
  func derivative(_ graph: inout Graph, input: Graph.Value, output: Graph.Value) throws(GraphError) -> Graph.Value?

  /// An incoming gradient or tangent times the derivative; nil means zero everywhere. Where there is an operator for the product,
  /// as for gates, it takes the place of a multiplication.
  func derivative(
    _ graph: inout Graph, times signal: Graph.Value, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value?
}

extension ElementwiseOperator {
  package var isElementwise: Bool { true }

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1, inputs)
    return inputs[0]
  }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    [try derivative(&graph, times: gradient, input: inputs[0], output: output)]
  }

  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    guard let tangent = tangents[0] else { return nil }
    return try derivative(&graph, times: tangent, input: inputs[0], output: output)
  }

  package func derivative(
    _ graph: inout Graph, times signal: Graph.Value, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value? {
    guard let derivative = try derivative(&graph, input: input, output: output) else { return nil }
    return try graph.multiply(signal, derivative)
  }
}
