import Tensor

/// Repeats the input along new leading axes and axes of extent 1, by NumPy's rule.
struct Broadcast: LinearOperator {
  static let name = "broadcast"

  let shape: Shape

  func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1, inputs)
    guard inputs[0].rank <= shape.rank, Shape(broadcasting: inputs[0], shape) == shape else {
      throw mismatch(inputs, "does not broadcast to \(shape)")
    }
    return shape
  }

  func layoutSupport(inputs: [Shape], output: Shape) -> LayoutSupport {
    LayoutSupport(output: output.rank == 4 ? 0 : nil)
  }

  func evaluate(_ kernel: KernelArguments) {
    let order = kernel.layouts.output.axes(rank: shape.rank)
    let strides = kernel.inputShapes[0].broadcastStrides(to: shape)
    StridedCopy.gather(
      kernel.inputs[0], strides: order.map { strides[$0] }, into: kernel.output, Shape(order.map { shape[$0] }), kernel)
  }

  func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    [try graph.unbroadcast(gradient, to: graph.shape(of: inputs[0]))]
  }
}
