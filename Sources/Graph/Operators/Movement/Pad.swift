import Tensor

/// Surrounds the input with `value`, and puts `interior[i]` of it between neighbours along axis i.
///
/// With interior padding this is the transpose of `Slice`, and `Slice` of it.
package struct Pad: Operator {
  package static let name = "pad"

  package let low: [Int]
  package let high: [Int]
  package let interior: [Int]
  package var value: Float = 0

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1, inputs)
    let shape = inputs[0]
    guard low.count == shape.rank, high.count == shape.rank, interior.count == shape.rank,
      (low + high + interior).allSatisfy({ $0 >= 0 && $0 < Shape.largestCount })
    else {
      throw mismatch(
        inputs, "low \(low), high \(high), interior \(interior) must be one per axis in 0..<\(Shape.largestCount)")
    }
    return try checkedShape(
      (0..<shape.rank).map { low[$0] + high[$0] + shape[$0] + max(0, shape[$0] - 1) * interior[$0] }, inputs)
  }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    let slice = Slice(starts: low, counts: graph.shape(of: inputs[0]).dimensions, steps: interior.map { $0 + 1 })
    return [try graph.apply(slice, [gradient])]
  }

  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    guard let tangent = tangents[0] else { return nil }
    return try graph.apply(Pad(low: low, high: high, interior: interior), [tangent])
  }
}
