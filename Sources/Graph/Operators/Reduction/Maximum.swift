import Tensor

/// Largest value over `axes`, which stay with extent 1. Where several are equal, each takes an equal share of the
/// derivative, as in PyTorch's `amax`.
package struct Maximum: Operator {
  package static let name = "maximum"

  /// Ascending, each once.
  package let axes: [Int]

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1, inputs)
    guard inputs[0].hasAxes(axes), axes.allSatisfy({ inputs[0][$0] > 0 }) else {
      throw mismatch(inputs, "no such axes \(axes), or one of them is empty")
    }
    return inputs[0].reduced(over: axes)
  }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    [try graph.multiply(gradient, shares(&graph, input: inputs[0], output: output))]
  }

  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    guard let tangent = tangents[0] else { return nil }
    return try graph.sum(graph.multiply(tangent, shares(&graph, input: inputs[0], output: output)), axes: axes)
  }

  /// 1 / (number of maxima) at each maximum, else 0.
  private func shares(
    _ graph: inout Graph, input: Graph.Value, output: Graph.Value
  ) throws(GraphError) -> Graph.Value {
    let one = graph.constant(1)
    let isMaximum = try graph.subtract(one, graph.apply(Greater(), [output, input]))
    return try graph.divide(isMaximum, graph.sum(isMaximum, axes: axes))
  }
}
