import Tensor

/// x, with a derivative of zero.
struct StopGradient: Operator {
  static let name = "stop-gradient"

  var isView: Bool { true }

  func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1, inputs)
    return inputs[0]
  }

  func evaluate(_ kernel: KernelArguments) {}

  func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] { [nil] }

  func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? { nil }
}
