import Tensor

/// log softmax over the last axis.
package struct LogSoftmax: RowOperator {
  package static let name = "log-softmax"

  // dx = g - softmax(x) sum(g)
  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    let axis = graph.shape(of: output).rank - 1
    let total = try graph.sum(gradient, axes: [axis])
    return [try graph.subtract(gradient, graph.multiply(graph.exp(output), total))]
  }

  // dy = dx - sum(softmax(x) dx)
  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    guard let tangent = tangents[0] else { return nil }
    let axis = graph.shape(of: output).rank - 1
    return try graph.subtract(tangent, graph.sum(graph.multiply(graph.exp(output), tangent), axes: [axis]))
  }
}
