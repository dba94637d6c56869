import Tensor

extension Graph {
  /// Forward-mode differentiation, a Jacobian-vector product: appends the nodes of the outputs' directional derivatives.
  ///
  /// - Parameters:
  ///   - outputs: values to differentiate.
  ///   - tangents: directions, each of the shape of its value.
  /// - Returns: for each output its derivative along the directions, of its shape.
  /// - Throws: `GraphError.shape` for a tangent of another shape, `GraphError.notDifferentiable`.
  package mutating func jvp(
    of outputs: [Value], tangents: [(value: Value, tangent: Value)]
  ) throws(GraphError) -> [Value] {
    let active = dependents(of: tangents.map(\.value))
    var derivatives: [Int: Value] = [:]
    for (value, tangent) in tangents {
      guard shape(of: tangent) == shape(of: value) else {
        throw .shape(
          operation: "jvp", inputs: [shape(of: value), shape(of: tangent)],
          reason: "a tangent must have the shape of its value")
      }
      derivatives[value.index] = tangent
    }
    let last = outputs.map(\.index).max() ?? -1
    for index in 0..<(last + 1) where active[index] && derivatives[index] == nil {
      guard case .apply(let operation, let operands) = nodes[index].source else { continue }
      let directions = operands.map { derivatives[$0.index] }
      guard directions.contains(where: { $0 != nil }) else { continue }
      derivatives[index] = try operation.forward(
        &self, inputs: operands, output: Value(index: index), tangents: directions)
    }
    return outputs.map { derivatives[$0.index] ?? constant(Tensor(shape: shape(of: $0), repeating: 0)) }
  }
}
