import Tensor

/// Inputs (condition, a, b) of one shape: a where the condition is not 0, else b. Linear in a and b; what is not selected
/// may be infinite or NaN.
struct Select: Operator {
  static let name = "select"

  var isElementwise: Bool { true }

  func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(3, inputs)
    guard inputs[0] == inputs[1], inputs[1] == inputs[2] else { throw mismatch(inputs, "the shapes differ") }
    return inputs[0]
  }

  func evaluate(_ kernel: KernelArguments) {
    let (condition, a, b) = (kernel.inputs[0], kernel.inputs[1], kernel.inputs[2])
    for index in 0..<kernel.outputShape.count {
      kernel.output[index] = condition[index] != 0 ? a[index] : b[index]
    }
  }

  func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    let zero = graph.constant(Tensor(shape: graph.shape(of: output), repeating: 0))
    return [
      nil, try graph.apply(self, [inputs[0], gradient, zero]), try graph.apply(self, [inputs[0], zero, gradient]),
    ]
  }

  func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    guard tangents[1] != nil || tangents[2] != nil else { return nil }
    let zero = graph.constant(Tensor(shape: graph.shape(of: output), repeating: 0))
    return try graph.apply(self, [inputs[0], tangents[1] ?? zero, tangents[2] ?? zero])
  }
}
