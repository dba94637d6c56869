/// An operator that is linear in its one input: forward mode applies it to the tangent.
package protocol LinearOperator: Operator {}

extension LinearOperator {
  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    guard let tangent = tangents[0] else { return nil }
    return try graph.apply(self, [tangent])
  }
}

/// An operator that is linear in each of its two inputs: d f(a, b) = f(da, b) + f(a, db).
package protocol BilinearOperator: Operator {}

extension BilinearOperator {
  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    var terms: [Graph.Value] = []
    if let tangent = tangents[0] { terms.append(try graph.apply(self, [tangent, inputs[1]])) }
    if let tangent = tangents[1] { terms.append(try graph.apply(self, [inputs[0], tangent])) }
    return try graph.total(terms)
  }
}
