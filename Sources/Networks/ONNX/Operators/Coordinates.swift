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
    ONNXOperator("ScatterND", opsets: 11...opsets.upperBound) { node, graph in
      let (x, updates) = (try node.value(0, &graph), try node.value(2, &graph))
      let tuples = try CoordinateTuples(node, graph, batchAxes: 0)
      guard tuples.rowCount < 1 << 24 else { throw node.failure("chooses among \(tuples.rowCount) places") }
      let width = tuples.rowShape.count
      let rows = try graph.reshape(x, to: [tuples.rowCount, width])
      let changes = try graph.reshape(updates, to: [tuples.rows.count, width])
      let reduction = try node.string("reduction", "none")
      let result =
        reduction == "none"
        ? try replaced(rows, by: changes, at: tuples.rows, &graph)
        : try reduced(rows, with: changes, at: tuples.rows, reduction, node, &graph)
      return [.graph(try graph.reshape(result, to: graph.shape(of: x)), try node.input(0).kind)]
    },
  ]

  /// Of two changes of one row the last one stays.
  private static func replaced(
    _ rows: Graph.Value, by changes: Graph.Value, at places: [Int], _ graph: inout Graph
  ) throws -> Graph.Value {
    let count = graph.shape(of: rows)[0]
    // The rows that stay and the new ones behind each other, of which each place takes its own.
    var sources = Array(0..<count)
    for (index, row) in places.enumerated() { sources[row] = count + index }
    return try graph.take(graph.concatenate([rows, changes], axis: 0), axis: 0, indices: sources)
  }

  /// Combines rows with all their changes, the first ones of every row, then the second ones, ...
  private static func reduced(
    _ rows: Graph.Value, with changes: Graph.Value, at places: [Int], _ reduction: String, _ node: NodeContext,
    _ graph: inout Graph
  ) throws -> Graph.Value {
    let neutral: [String: Float] = ["add": 0, "mul": 1, "max": -.infinity, "min": .infinity]
    guard let unchanged = neutral[reduction] else { throw node.failure("the reduction `\(reduction)` is unknown") }
    let shape = graph.shape(of: rows)
    let rest = graph.constant(Tensor(shape: [1, shape[1]], repeating: unchanged))
    let sources = try graph.concatenate([changes, rest], axis: 0)
    var rounds: [[Int]] = []
    var changesOfRow = [Int](repeating: 0, count: shape[0])
    for (index, row) in places.enumerated() {
      if changesOfRow[row] == rounds.count {
        guard rounds.count * shape[0] < 1 << 26 else {
          throw node.failure("changes one of \(shape[0]) places more than \(rounds.count) times")
        }
        rounds.append([Int](repeating: places.count, count: shape[0]))
      }
      rounds[changesOfRow[row]][row] = index
      changesOfRow[row] += 1
    }
    return try rounds.reduce(rows) { result, indices in
      let change = try graph.take(sources, axis: 0, indices: indices)
      switch reduction {
      case "add": return try graph.add(result, change)
      case "mul": return try graph.multiply(result, change)
      case "max": return try graph.larger(result, change)
      default: return try graph.smaller(result, change)
      }
    }
  }
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
