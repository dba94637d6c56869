import Tensor

/// The entries `indices` of one axis, in this order; any may repeat.
struct Take: LinearOperator {
  static let name = "take"

  let axis: Int
  let indices: [Int]

  func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1, inputs)
    let shape = inputs[0]
    guard axis >= 0, axis < shape.rank, indices.allSatisfy({ $0 >= 0 && $0 < shape[axis] }) else {
      throw mismatch(inputs, "there is no axis \(axis), or an index reaches outside of it")
    }
    var extents = shape.dimensions
    extents[axis] = indices.count
    return try checkedShape(extents, inputs)
  }

  func evaluate(_ kernel: KernelArguments) {
    let (outer, inner) = kernel.inputShapes[0].around(axis)
    let extent = kernel.inputShapes[0][axis]
    for row in 0..<outer {
      let source = kernel.inputs[0] + row * extent * inner
      let target = kernel.output + row * indices.count * inner
      for (position, index) in indices.enumerated() {
        (target + position * inner).update(from: source + index * inner, count: inner)
      }
    }
  }

  func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    [try graph.apply(TakeTranspose(take: self, extent: graph.shape(of: inputs[0])[axis]), [gradient])]
  }
}

extension Shape {
  /// The numbers of elements along the axes before and behind `axis`.
  func around(_ axis: Int) -> (outer: Int, inner: Int) {
    (dimensions[..<axis].reduce(1, *), dimensions[(axis + 1)...].reduce(1, *))
  }
}
