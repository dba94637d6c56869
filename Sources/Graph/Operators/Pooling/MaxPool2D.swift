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
    traversal.forEachPlane(kernel, of: input[0] * input[1]) { plane in
      let source = kernel.inputs[0] + plane * input[2] * input[3]
      let target = kernel.output + plane * output[2] * output[3]
      if window.isPairs {
        return VectorKernels().pairPool(height: input[2], width: input[3], source: source, output: target)
      }
      traversal.forEachWindow { index, positions in
        // NaN wins, as in `MaxPoolSelection`. No branch depends on the values: they are unpredictable.
        var largest = -Float.infinity
        var nanCount = 0
        positions.forEach {
          let value = source[$0]
          largest = value > largest ? value : largest
          nanCount += value == value ? 0 : 1
        }
        target[index] = nanCount > 0 ? .nan : largest
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

/// Which input position each window selects; shared by the operator and its derivatives.
struct MaxPoolSelection {
  private let traversal: PoolingTraversal
  private let planes: Int
  let inputPlane: Int
  private let outputPlane: Int

  init(_ window: PoolingWindow, input: Shape, output: Shape) {
    traversal = PoolingTraversal(window, input: input, output: output)
    planes = input[0] * input[1]
    inputPlane = input[2] * input[3]
    outputPlane = output[2] * output[3]
  }

  /// Calls `body` with each output's index and the index of its selected input, nil for a window wholly in padding; one
  /// plane after the other, or over the threads of `kernel`. Before a plane, `begin` is called with its first input index.
  @inline(__always)
  func forEach(
    _ kernel: KernelArguments, in values: UnsafePointer<Float>, begin: (_ first: Int) -> Void = { _ in },
    _ body: (_ output: Int, _ selected: Int?) -> Void
  ) {
    traversal.forEachPlane(kernel, of: planes) { plane in
      let base = plane * inputPlane
      begin(base)
      traversal.forEachWindow { index, positions in
        var selected = -1
        var largest = -Float.infinity
        positions.forEach { offset in
          let value = values[base + offset]
          // NaN wins, as in PyTorch: it must not disappear.
          if selected < 0 || value > largest || value.isNaN {
            largest = value
            selected = base + offset
          }
        }
        body(plane * outputPlane + index, selected < 0 ? nil : selected)
      }
    }
  }
}
