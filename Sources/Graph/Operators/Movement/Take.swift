import Tensor

/// The entries `indices` of one axis, in this order; any may repeat.
package struct Take: LinearOperator {
  package static let name = "take"

  package let axis: Int
  package let indices: [Int]

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1, inputs)
    let shape = inputs[0]
    guard axis >= 0, axis < shape.rank, indices.allSatisfy({ $0 >= 0 && $0 < shape[axis] }) else {
      throw mismatch(inputs, "there is no axis \(axis), or an index reaches outside of it")
    }
    var extents = shape.dimensions
    extents[axis] = indices.count
    return try checkedShape(extents, inputs)
  }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    [try graph.apply(TakeTranspose(take: self, extent: graph.shape(of: inputs[0])[axis]), [gradient])]
  }
}
