import Tensor

/// The transpose of `AveragePool2D` on images of `height` x `width`.
struct AveragePool2DGradient: LinearOperator {
  static let name = "average-pool2d-gradient"

  let pool: AveragePool2D
  let height: Int
  let width: Int

  func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1, inputs)
    guard inputs[0].rank == 4 else { throw mismatch(inputs, "expected [N, C, H', W']") }
    let shape = try checkedShape([inputs[0][0], inputs[0][1], height, width], inputs)
    guard pool.window.output(shape) == inputs[0] else {
      throw mismatch(inputs, "pooling \(height) x \(width) images has another output size")
    }
    return shape
  }

  func layoutSupport(inputs: [Shape], output: Shape) -> LayoutSupport { LayoutSupport(source: 0, output: 0) }

  func evaluate(_ kernel: KernelArguments) {
    let (input, output) = (kernel.outputShape, kernel.inputShapes[0])
    let traversal = PoolingTraversal(pool.window, input: input, output: output)
    traversal.forEachPlane(kernel, of: input[0] * input[1]) { plane in
      let (targetStart, targetStep) = kernel.layouts.output.plane(plane, of: input)
      let (sourceStart, sourceStep) = kernel.layouts.source.plane(plane, of: output)
      let target = kernel.output + targetStart
      let source = kernel.inputs[0] + sourceStart
      for position in 0..<input[2] * input[3] { target[position * targetStep] = 0 }
      traversal.forEachWindow { index, positions in
        let share = source[index * sourceStep] / pool.divisor(positions)
        positions.forEach { target[$0 * targetStep] += share }
      }
    }
  }

  func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    [try graph.apply(pool, [gradient])]
  }
}
