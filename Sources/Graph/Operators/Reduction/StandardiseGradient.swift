import Tensor

/// The Jacobian of `Standardise` at the first input, times the second: (g - mean of g - y mean of (g y)) / sqrt(variance + epsilon) with
/// the standardised y.
package struct StandardiseGradient: Operator {
  package static let name = "standardise-gradient"

  package let epsilon: Float

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(2, inputs)
    guard inputs[0].rank > 0, inputs[0] == inputs[1] else {
      throw mismatch(inputs, "needs two of the same shape, with at least one axis")
    }
    return inputs[0]
  }

  /// The same of elementary operators, whose derivatives are this one's.
  private struct Twin {
    /// The inputs under names of their own: what they depend on is differentiated by others.
    let inputs: [Graph.Value]
    let output: Graph.Value
  }

  private func twin(_ graph: inout Graph, _ inputs: [Graph.Value]) throws(GraphError) -> Twin {
    let shape = graph.shape(of: inputs[0])
    let x = try graph.apply(Reshape(shape: shape), [inputs[0]])
    let g = try graph.apply(Reshape(shape: shape), [inputs[1]])
    let axes = [shape.rank - 1]
    let centred = try graph.subtract(x, graph.mean(x, axes: axes))
    let variance = try graph.add(graph.mean(graph.multiply(centred, centred), axes: axes), graph.constant(epsilon))
    let slope = try graph.divide(graph.mean(graph.multiply(g, centred), axes: axes), variance)
    let difference = try graph.subtract(graph.subtract(g, graph.mean(g, axes: axes)), graph.multiply(centred, slope))
    return Twin(inputs: [x, g], output: try graph.divide(difference, graph.squareRoot(variance)))
  }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    let twin = try twin(&graph, inputs)
    return try graph.gradient(of: [(twin.output, gradient)], withRespectTo: twin.inputs)
  }

  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    let twin = try twin(&graph, inputs)
    let directions = zip(twin.inputs, tangents).compactMap { input, tangent in
      tangent.map { (value: input, tangent: $0) }
    }
    return try graph.jvp(of: [twin.output], tangents: directions)[0]
  }
}
