import Tensor

/// Joins the inputs along `axis`.
package struct Concatenate: Operator {
  package static let name = "concatenate"

  package let axis: Int

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    guard let first = inputs.first, axis >= 0, axis < first.rank else {
      throw mismatch(inputs, "needs at least one input with an axis \(axis)")
    }
    for shape in inputs {
      guard shape.rank == first.rank, (0..<first.rank).allSatisfy({ $0 == axis || shape[$0] == first[$0] }) else {
        throw mismatch(inputs, "extents other than axis \(axis) differ")
      }
    }
    var extents = first.dimensions
    extents[axis] = inputs.reduce(0) { $0 + $1[axis] }
    return try checkedShape(extents, inputs)
  }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    var start = 0
    var gradients: [Graph.Value?] = []
    for input in inputs {
      let extent = graph.shape(of: input)[axis]
      gradients.append(try graph.slice(gradient, axis: axis, start: start, count: extent))
      start += extent
    }
    return gradients
  }

  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    var parts: [Graph.Value] = []
    for (input, tangent) in zip(inputs, tangents) {
      parts.append(tangent ?? graph.constant(Tensor(shape: graph.shape(of: input), repeating: 0)))
    }
    return try graph.apply(self, parts)
  }
}
