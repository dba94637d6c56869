import Graph
import Tensor

extension ONNXOperators {
  /// Elements at coordinates that are known when the graph is built, as exporters write for assignments to slices.
  static let coordinates: [ONNXOperator] = [
    .movement("GatherND", opsets: 11...opsets.upperBound) { node, graph in
      let x = try node.value(0, &graph)
      let tuples = try CoordinateTuples(node, graph, batchAxes: node.int("batch_dims", 0))
      let taken = try graph.take(
        graph.reshape(x, to: [tuples.rowCount, tuples.rowShape.count]), axis: 0, indices: tuples.rows)
      return try graph.reshape(taken, to: node.checkedShape(tuples.leading + tuples.rowShape.dimensions))
    },
    ONNXOperator("ScatterND", opsets: 11...opsets.upperBound, integers: .moves(data: [0, 2])) { node, graph in
      let reduction = try node.string("reduction", "none")
      guard reduction == "none" else { throw node.failure("the reduction `\(reduction)` is not supported") }
      let (x, updates) = (try node.value(0, &graph), try node.value(2, &graph))
      let tuples = try CoordinateTuples(node, graph, batchAxes: 0)
      // The rows that stay and the new ones behind each other, of which each place takes its own; the last one wins.
      let width = tuples.rowShape.count
      let all = try graph.concatenate(
        [
          graph.reshape(x, to: [tuples.rowCount, width]), graph.reshape(updates, to: [tuples.rows.count, width]),
        ], axis: 0)
      var sources = Array(0..<tuples.rowCount)
      for (index, row) in tuples.rows.enumerated() { sources[row] = tuples.rowCount + index }
      let result = try graph.reshape(graph.take(all, axis: 0, indices: sources), to: graph.shape(of: x))
      return [.graph(result, try node.input(0).kind)]
    },
  ]
}

/// Input 1 of GatherND and ScatterND: each tuple names a row of input 0 by its first coordinates.
private struct CoordinateTuples {
  /// The row that each tuple names.
  let rows: [Int]
  /// Extents of the tuples.
  let leading: [Int]
  let rowCount: Int
  let rowShape: Shape

  init(_ node: NodeContext, _ graph: Graph, batchAxes: Int) throws {
    let (shape, tuples) = (try node.shape(0, graph), try node.shape(1, graph))
    guard let depth = tuples.dimensions.last, (0..<tuples.rank).contains(batchAxes), depth >= 1,
      batchAxes + depth <= shape.rank, tuples.dimensions[..<batchAxes] == shape.dimensions[..<batchAxes]
    else { throw node.failure("indices of \(tuples) with batch_dims \(batchAxes) do not fit a tensor of \(shape)") }
    let coordinates = try node.integers(1, graph)
    let extents = Array(shape.dimensions[batchAxes..<batchAxes + depth])
    let perBatch = tuples.dimensions[batchAxes..<(tuples.rank - 1)].reduce(1, *)
    let rowsPerBatch = extents.reduce(1, *)
    rows = try (0..<coordinates.count / depth).map { tuple in
      var row = 0
      for (axis, extent) in extents.enumerated() {
        let coordinate = coordinates[tuple * depth + axis]
        guard coordinate >= -extent, coordinate < extent else {
          throw node.failure("index \(coordinate) is outside axis \(batchAxes + axis) of \(shape)")
        }
        row = row * extent + (coordinate < 0 ? coordinate + extent : coordinate)
      }
      return tuple / max(1, perBatch) * rowsPerBatch + row
    }
    leading = Array(tuples.dimensions.dropLast())
    rowCount = shape.dimensions[..<(batchAxes + depth)].reduce(1, *)
    rowShape = Shape(Array(shape.dimensions[(batchAxes + depth)...]))
  }
}
