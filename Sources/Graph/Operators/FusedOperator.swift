/// An operator that the optimiser puts in the place of several. Derivatives are taken before that.
package protocol FusedOperator: Operator {}

extension FusedOperator {
  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    throw .notDifferentiable(operation: Self.name, mode: "reverse")
  }

  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    throw .notDifferentiable(operation: Self.name, mode: "forward")
  }
}
