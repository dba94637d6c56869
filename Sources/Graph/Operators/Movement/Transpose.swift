import Tensor

/// Axis i of the output is axis `permutation[i]` of the input.
struct Transpose: LinearOperator {
  static let name = "transpose"

  let permutation: [Int]

  var inverse: Transpose {
    var positions = [Int](repeating: 0, count: permutation.count)
    for (position, axis) in permutation.enumerated() { positions[axis] = position }
    return Transpose(permutation: positions)
  }

  func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1, inputs)
    guard permutation.sorted() == Array(0..<inputs[0].rank) else {
      throw mismatch(inputs, "\(permutation) is not a permutation of its axes")
    }
    return Shape(permutation.map { inputs[0][$0] })
  }

  func evaluate(_ kernel: KernelArguments) {
    let strides = kernel.inputShapes[0].strides
    StridedCopy.gather(
      kernel.inputs[0], strides: permutation.map { strides[$0] }, into: kernel.output, kernel.outputShape,
      kernel)
  }

  func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    [try graph.apply(inverse, [gradient])]
  }
}
