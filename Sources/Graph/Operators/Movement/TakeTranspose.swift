import Tensor

/// The transpose of `Take` from an axis of `extent`: adds each entry to the place it was taken from, in their order.
package struct TakeTranspose: LinearOperator {
  package static let name = "take-transpose"

  package let take: Take
  package let extent: Int

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1, inputs)
    let shape = inputs[0]
    guard take.axis >= 0, take.axis < shape.rank, shape[take.axis] == take.indices.count,
      take.indices.allSatisfy({ $0 >= 0 && $0 < extent })
    else { throw mismatch(inputs, "expected \(take.indices.count) entries along axis \(take.axis)") }
    var extents = shape.dimensions
    extents[take.axis] = extent
    return try checkedShape(extents, inputs)
  }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    [try graph.apply(take, [gradient])]
  }
}
