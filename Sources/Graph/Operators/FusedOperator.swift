/// An operator that the optimiser puts in the place of several. Derivatives are taken before that.
protocol FusedOperator: Operator {}

extension FusedOperator {
  func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    throw .notDifferentiable(operation: Self.name, mode: "reverse")
  }

  func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    throw .notDifferentiable(operation: Self.name, mode: "forward")
  }
}
