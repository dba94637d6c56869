/// left - right.
package struct Subtract: BroadcastingOperator {
  package static let name = "subtract"

  package var expression: ScalarExpression { .x - .y }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    let right = try graph.unbroadcast(gradient, to: graph.shape(of: inputs[1]))
    return [try graph.unbroadcast(gradient, to: graph.shape(of: inputs[0])), try graph.negate(right)]
  }

  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    let shape = graph.shape(of: output)
    switch (tangents[0], tangents[1]) {
    case (let left?, let right?): return try graph.subtract(left, right)
    case (let left?, nil): return try graph.broadcast(left, to: shape)
    case (nil, let right?): return try graph.broadcast(graph.negate(right), to: shape)
    case (nil, nil): return nil
    }
  }
}
