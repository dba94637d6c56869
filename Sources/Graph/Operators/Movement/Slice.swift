import Tensor

/// Elements `starts[i] + j * steps[i]`, `j < counts[i]`, of every axis i.
struct Slice: LinearOperator {
  static let name = "slice"

  let starts: [Int]
  let counts: [Int]
  /// At least 1.
  let steps: [Int]

  func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
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

  func evaluate(_ kernel: KernelArguments) {
    let strides = kernel.inputShapes[0].strides
    let offset = zip(starts, strides).reduce(0) { $0 + $1.0 * $1.1 }
    StridedCopy.gather(
      kernel.inputs[0] + offset, strides: zip(steps, strides).map { $0 * $1 }, into: kernel.output, kernel.outputShape,
      kernel)
  }

  func reverse(
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
