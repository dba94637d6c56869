import Foundation
import Graph
import Tensor

extension ONNXOperators {
  static let resizing: [ONNXOperator] = [
    .real("Resize", opsets: 10...opsets.upperBound) { node, graph in
      try resize(node.value(0, &graph), ResizeParameters(node, graph), &graph)
    },
    .real("Upsample", opsets: 7...9) { node, graph in
      try resize(node.value(0, &graph), ResizeParameters(node, graph), &graph)
    },
  ]

  /// One axis after the other; every output element is a weighted sum of a few neighbours.
  private static func resize(_ x: Graph.Value, _ resizing: ResizeParameters, _ graph: inout Graph) throws -> Graph.Value
  {
    var result = x
    for axis in resizing.axes {
      let samples = axis.samples()
      guard let taps = samples.map(\.count).max(), taps > 0 else {
        var extents = graph.shape(of: result).dimensions
        extents[axis.axis] = 0
        result = try graph.take(result, axis: axis.axis, indices: [])
        continue
      }
      let isCopy = taps == 1 && samples.allSatisfy { $0.first?.weight == 1 }
      var column = [Int](repeating: 1, count: graph.shape(of: result).rank)
      column[axis.axis] = samples.count
      var sum: Graph.Value?
      for tap in 0..<taps {
        let taken = try graph.take(
          result, axis: axis.axis,
          // Pixels with fewer neighbours, or none inside of the image, take any with the weight 0.
          indices: samples.map { tap < $0.count ? $0[tap].index : $0.first?.index ?? 0 })
        if isCopy {
          sum = taken
          break
        }
        let weights = graph.constant(
          Tensor(shape: Shape(column), scalars: samples.map { tap < $0.count ? Float($0[tap].weight) : 0 }))
        let term = try graph.multiply(taken, weights)
        sum = try sum.map { try graph.add($0, term) } ?? term
      }
      if let sum { result = sum }
    }
    guard let outside = resizing.outside(rank: graph.shape(of: x).rank) else { return result }
    return try graph.select(graph.constant(outside), graph.constant(resizing.extrapolation), result)
  }
}
