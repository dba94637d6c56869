import Tensor

/// (x - mean) / sqrt(variance + epsilon) over the last axis, with the biased variance: layer normalisation without its scale and
/// shift.
package struct Standardise: RowOperator {
  package static let name = "standardise"

  package let epsilon: Float

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    [try graph.apply(StandardiseGradient(epsilon: epsilon), [inputs[0], gradient])]
  }

  // The Jacobian is symmetric.
  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    guard let tangent = tangents[0] else { return nil }
    return try graph.apply(StandardiseGradient(epsilon: epsilon), [inputs[0], tangent])
  }
}
