import Tensor

/// The transpose of `Take` from an axis of `extent`: adds each entry to the place it was taken from, in their order.
struct TakeTranspose: LinearOperator {
  static let name = "take-transpose"

  let take: Take
  let extent: Int

  func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1, inputs)
    let shape = inputs[0]
    guard take.axis >= 0, take.axis < shape.rank, shape[take.axis] == take.indices.count,
      take.indices.allSatisfy({ $0 >= 0 && $0 < extent })
    else { throw mismatch(inputs, "expected \(take.indices.count) entries along axis \(take.axis)") }
    var extents = shape.dimensions
    extents[take.axis] = extent
    return try checkedShape(extents, inputs)
  }

  func evaluate(_ kernel: KernelArguments) {
    kernel.output.update(repeating: 0, count: kernel.outputShape.count)
    let (outer, inner) = kernel.outputShape.around(take.axis)
    for row in 0..<outer {
      let source = kernel.inputs[0] + row * take.indices.count * inner
      let target = kernel.output + row * extent * inner
      for (position, index) in take.indices.enumerated() {
        let (from, to) = (source + position * inner, target + index * inner)
        for element in 0..<inner { to[element] += from[element] }
      }
    }
  }

  func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    [try graph.apply(take, [gradient])]
  }
}
