import Kernels
import Tensor

/// Largest value of each window. The first of equals takes the whole derivative, as in PyTorch; padding never wins.
struct MaxPool2D: Operator {
  static let name = "max-pool2d"

  let window: PoolingWindow

  func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1, inputs)
    guard let shape = window.output(inputs[0]) else {
      throw mismatch(inputs, "the window does not fit the padded image")
    }
    return shape
  }

  func evaluate(_ kernel: KernelArguments) {
    let (input, output) = (kernel.inputShapes[0], kernel.outputShape)
    let traversal = PoolingTraversal(window, input: input, output: output)
    let vectors = VectorKernels()
    traversal.forEachPlane(kernel, of: input[0] * input[1]) { plane, _ in
      let source = kernel.inputs[0] + plane * input[2] * input[3]
      let target = kernel.output + plane * output[2] * output[3]
      if window.isPairs {
        return vectors.pairPool(height: input[2], width: input[3], source: source, output: target)
      }
      for row in 0..<output[2] {
        let line = target + row * output[3]
        line.update(repeating: -.infinity, count: output[3])
        traversal.forEachTap(ofRow: row) { outputs, position in
          vectors.raiseToLargest(
            count: outputs.count, step: traversal.step, source: source + position,
            largest: line + outputs.lowerBound)
        }
      }
    }
  }

  func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    [try graph.apply(MaxPool2DScatter(window: window), [inputs[0], gradient])]
  }

  func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    guard let tangent = tangents[0] else { return nil }
    return try graph.apply(MaxPool2DGather(window: window), [inputs[0], tangent])
  }
}
