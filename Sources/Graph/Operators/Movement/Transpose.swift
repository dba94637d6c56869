import Tensor

/// Axis i of the output is axis `permutation[i]` of the input.
package struct Transpose: LinearOperator {
  package static let name = "transpose"

  package let permutation: [Int]

  package var inverse: Transpose {
    var positions = [Int](repeating: 0, count: permutation.count)
    for (position, axis) in permutation.enumerated() { positions[axis] = position }
    return Transpose(permutation: positions)
  }

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1, inputs)
    guard permutation.sorted() == Array(0..<inputs[0].rank) else {
      throw mismatch(inputs, "\(permutation) is not a permutation of its axes")
    }
    return Shape(permutation.map { inputs[0][$0] })
  }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    [try graph.apply(inverse, [gradient])]
  }
}
