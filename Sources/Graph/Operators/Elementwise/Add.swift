/// left + right.
package struct Add: BroadcastingOperator {
  package static let name = "add"

  package var expression: ScalarExpression { .x + .y }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    [
      try graph.unbroadcast(gradient, to: graph.shape(of: inputs[0])),
      try graph.unbroadcast(gradient, to: graph.shape(of: inputs[1])),
    ]
  }

  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    let shape = graph.shape(of: output)
    switch (tangents[0], tangents[1]) {
    case (let left?, let right?): return try graph.add(left, right)
    case (let one?, nil), (nil, let one?): return try graph.broadcast(one, to: shape)
    case (nil, nil): return nil
    }
  }
}
