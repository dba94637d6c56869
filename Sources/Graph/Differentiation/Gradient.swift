import Tensor

extension Graph {
  /// Reverse-mode differentiation: appends the nodes of d/dx sum of output * cotangent.
  ///
  /// The result is a graph like any other, so this can be applied again to what it returned.
  /// - Parameters:
  ///   - outputs: values with the cotangents (of the same shape) they are weighted with.
  ///   - inputs: what to differentiate with respect to; any values, leaf or not.
  /// - Returns: for each of `inputs` its derivative, of its shape; zeros where no output depends on it.
  /// - Throws: `GraphError.notDifferentiable`, naming the operator without a rule.
  package mutating func gradient(
    of outputs: [(value: Value, cotangent: Value)], withRespectTo inputs: [Value]
  ) throws(GraphError) -> [Value] {
    let active = dependents(of: inputs)
    var gradients: [Int: Value] = [:]
    for (value, cotangent) in outputs where active[value.index] {
      let weight = try broadcast(cotangent, to: shape(of: value))
      gradients[value.index] = try total([gradients[value.index], weight].compactMap { $0 })
    }
    let stops = Set(inputs.map(\.index))
    let last = outputs.map(\.value.index).max() ?? -1
    for index in stride(from: last, through: 0, by: -1) where active[index] {
      guard let gradient = gradients[index], case .apply(let operation, let operands) = nodes[index].source,
        operands.contains(where: { active[$0.index] })
      else { continue }
      let partials = try operation.reverse(
        &self, inputs: operands, output: Value(index: index), gradient: gradient)
      for (operand, partial) in zip(operands, partials) {
        guard let partial, active[operand.index] else { continue }
        gradients[operand.index] = try total([gradients[operand.index], partial].compactMap { $0 })
      }
      if !stops.contains(index) { gradients[index] = nil }
    }
    return inputs.map { gradients[$0.index] ?? constant(Tensor(shape: shape(of: $0), repeating: 0)) }
  }

  /// The gradient of a scalar (or of the sum of a value's elements).
  package mutating func gradient(of output: Value, withRespectTo inputs: [Value]) throws(GraphError) -> [Value] {
    let one = constant(Tensor(shape: shape(of: output), repeating: 1))
    return try gradient(of: [(output, one)], withRespectTo: inputs)
  }

  /// For every node: is it one of `inputs`, or does it depend on one?
  func dependents(of inputs: [Value]) -> [Bool] {
    var active = [Bool](repeating: false, count: nodes.count)
    for input in inputs { active[input.index] = true }
    for index in nodes.indices where nodes[index].inputs.contains(where: { active[$0.index] }) { active[index] = true }
    return active
  }
}
