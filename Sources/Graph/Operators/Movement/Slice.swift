import Tensor

/// Elements `starts[i] + j * steps[i]`, `j < counts[i]`, of every axis i.
package struct Slice: LinearOperator {
  package static let name = "slice"

  package let starts: [Int]
  package let counts: [Int]
  /// At least 1.
  package let steps: [Int]

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1, inputs)
    let shape = inputs[0]
    guard starts.count == shape.rank, counts.count == shape.rank, steps.count == shape.rank,
      (0..<shape.rank).allSatisfy({
        steps[$0] >= 1 && steps[$0] < Shape.largestCount && starts[$0] >= 0 && starts[$0] <= shape[$0]
          && counts[$0] >= 0
          && (counts[$0] == 0
            || (starts[$0] < shape[$0] && counts[$0] - 1 <= (shape[$0] - 1 - starts[$0]) / steps[$0]))
      })
    else { throw mismatch(inputs, "starts \(starts), counts \(counts), steps \(steps) reach outside") }
    return Shape(counts)
  }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    let shape = graph.shape(of: inputs[0])
    let high = (0..<shape.rank).map { axis in
      counts[axis] == 0 ? shape[axis] : shape[axis] - starts[axis] - ((counts[axis] - 1) * steps[axis] + 1)
    }
    let low = (0..<shape.rank).map { counts[$0] == 0 ? 0 : starts[$0] }
    return [try graph.apply(Pad(low: low, high: high, interior: steps.map { $0 - 1 }), [gradient])]
  }
}
