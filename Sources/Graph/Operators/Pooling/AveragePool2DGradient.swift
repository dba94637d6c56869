import Tensor

/// The transpose of `AveragePool2D` on images of `height` x `width`.
package struct AveragePool2DGradient: LinearOperator {
  package static let name = "average-pool2d-gradient"

  package let pool: AveragePool2D
  package let height: Int
  package let width: Int

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1, inputs)
    guard inputs[0].rank == 4 else { throw mismatch(inputs, "expected [N, C, H', W']") }
    let shape = try checkedShape([inputs[0][0], inputs[0][1], height, width], inputs)
    guard pool.window.output(shape) == inputs[0] else {
      throw mismatch(inputs, "pooling \(height) x \(width) images has another output size")
    }
    return shape
  }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    [try graph.apply(pool, [gradient])]
  }
}
