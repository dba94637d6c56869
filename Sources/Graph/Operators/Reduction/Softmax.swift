import Tensor

/// softmax over the last axis.
package struct Softmax: RowOperator {
  package static let name = "softmax"

  // dx = y * (g - sum(g y)); the Jacobian is symmetric, so forward mode is the same expression.
  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    let axis = graph.shape(of: output).rank - 1
    let weighted = try graph.sum(graph.multiply(gradient, output), axes: [axis])
    return [try graph.multiply(output, graph.subtract(gradient, weighted))]
  }

  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    guard let tangent = tangents[0] else { return nil }
    return try reverse(&graph, inputs: inputs, output: output, gradient: tangent)[0]
  }
}
