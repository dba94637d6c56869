import Graph
import Tensor

extension ONNXOperators {
  /// The order of elements along an axis, and sums in that order.
  static let ordering: [ONNXOperator] = [
    ONNXOperator("TopK") { node, graph in
      let x = try node.value(0, &graph)
      let shape = graph.shape(of: x)
      guard shape.rank >= 1 else { throw node.failure("needs at least one axis") }
      let axis = try node.axis(node.int("axis", -1), rank: shape.rank)
      let wanted = try node.opset < 10 ? node.int("k").map { [$0] } ?? [] : node.integers(1, graph)
      guard wanted.count == 1, (0...shape[axis]).contains(wanted[0]) else {
        throw node.failure("asks for \(wanted) of axis \(axis) of \(shape)")
      }
      let (values, places) = try largest(
        x, count: wanted[0], axis: axis, smallest: !node.flag("largest", true), node, &graph)
      return [.graph(values, try node.input(0).kind), .graph(places, .integer)]
    },
    ONNXOperator("CumSum", opsets: 11...opsets.upperBound, integers: .computes(runningSum)) { node, graph in
      let x = try node.value(0, &graph)
      let shape = graph.shape(of: x)
      let axis = try sumAxis(node.integers(1, graph), rank: shape.rank, node)
      let extent = shape[axis]
      guard extent <= 1 << 12 else {
        throw node.failure("sums along \(extent) elements, at most \(1 << 12) are supported")
      }
      let (isExclusive, isReverse) = (try node.flag("exclusive"), try node.flag("reverse"))
      // Every sum is a product with a triangle of ones.
      let triangle = Tensor(shape: [extent, extent]) { buffer in
        for row in 0..<extent {
          for column in 0..<extent {
            let distance = isReverse ? row - column : column - row
            buffer[row * extent + column] = distance > 0 || (distance == 0 && !isExclusive) ? 1 : 0
          }
        }
      }
      let (rows, permutation) = try asRows(x, axis, &graph)
      let sums = try graph.matmul(rows, graph.constant(triangle))
      return [.graph(try fromRows(sums, like: shape, permutation, &graph), try node.input(0).kind)]
    },
  ]

  private static func sumAxis(_ given: [Int], rank: Int, _ node: NodeContext) throws -> Int {
    guard given.count == 1, rank >= 1 else { throw node.failure("needs one axis, got \(given) for \(rank) axes") }
    return try node.axis(given[0], rank: rank)
  }

  @Sendable private static func runningSum(_ node: NodeContext, _ inputs: [IntegerTensor]) throws -> IntegerTensor? {
    guard inputs.count == 2 else { throw node.failure("takes 2 inputs, got \(inputs.count)") }
    let x = inputs[0]
    let axis = try sumAxis(inputs[1].values, rank: x.shape.rank, node)
    let (extent, stride) = (x.shape[axis], x.shape.strides[axis])
    let (isExclusive, isReverse) = (try node.flag("exclusive"), try node.flag("reverse"))
    var values = x.values
    for start in values.indices where start / max(1, stride) % max(1, extent) == 0 {
      var total = 0
      for step in 0..<extent {
        let place = start + (isReverse ? extent - 1 - step : step) * stride
        let (next, overflow) = total.addingReportingOverflow(x.values[place])
        guard !overflow else { throw node.failure("the result is not a 64-bit integer") }
        values[place] = isExclusive ? total : next
        total = next
      }
    }
    return IntegerTensor(shape: x.shape, values: values, kind: x.kind)
  }

  /// `axis` last, the others joined: `[rows, extent]`, and the permutation that did it.
  private static func asRows(
    _ x: Graph.Value, _ axis: Int, _ graph: inout Graph
  ) throws -> (rows: Graph.Value, permutation: [Int]) {
    let shape = graph.shape(of: x)
    var permutation = Array(0..<shape.rank)
    permutation.swapAt(axis, shape.rank - 1)
    let rows = shape.dimensions.enumerated().reduce(1) { $1.offset == axis ? $0 : $0 * $1.element }
    return (try graph.reshape(graph.transpose(x, permutation), to: [rows, shape[axis]]), permutation)
  }

  private static func fromRows(
    _ rows: Graph.Value, like shape: Shape, _ permutation: [Int], _ graph: inout Graph
  ) throws -> Graph.Value {
    var extents = permutation.map { shape[$0] }
    extents[shape.rank - 1] = graph.shape(of: rows)[1]
    return try graph.transpose(graph.reshape(rows, to: Shape(extents)), permutation)
  }

  /// The largest (or smallest) elements along an axis in falling (rising) order, of equal ones the first, and their places.
  ///
  /// Each element's rank is the number of those before it in that order; the element of rank r is the r-th result. Ranks are
  /// piecewise constant, so the derivative goes to the element that was chosen.
  static func largest(
    _ x: Graph.Value, count: Int, axis: Int, smallest: Bool, _ node: NodeContext, _ graph: inout Graph
  ) throws -> (values: Graph.Value, places: Graph.Value) {
    let shape = graph.shape(of: x)
    let extent = shape[axis]
    guard extent <= 1 << 12 else {
      throw node.failure("orders \(extent) elements, at most \(1 << 12) are supported")
    }
    let (rows, permutation) = try asRows(x, axis, &graph)
    let number = graph.shape(of: rows)[0]
    let signed = try graph.stopGradient(smallest ? graph.negate(rows) : rows)
    // [rows, i, j]: does j come before i?
    let own = try graph.reshape(signed, to: [number, extent, 1])
    let others = try graph.reshape(signed, to: [number, 1, extent])
    let earlier = Tensor(shape: [extent, extent]) { buffer in
      for i in 0..<extent { for j in 0..<extent { buffer[i * extent + j] = j < i ? 1 : 0 } }
    }
    let before = try graph.add(
      graph.greater(others, own), graph.multiply(graph.equal(others, own), graph.constant(earlier)))
    let ranks = try graph.reshape(graph.sum(before, axes: [2]), to: [number, 1, extent])
    let positions = graph.constant(Tensor(shape: [count, 1], scalars: (0..<count).map { Float($0) }))
    let chosen = try graph.equal(ranks, positions)
    func take(_ source: Graph.Value, _ graph: inout Graph) throws -> Graph.Value {
      let picked = try graph.sum(graph.select(chosen, source, graph.constant(0)), axes: [2])
      return try fromRows(graph.reshape(picked, to: [number, count]), like: shape, permutation, &graph)
    }
    let numbers = graph.constant(Tensor(shape: [1, 1, extent], scalars: (0..<extent).map { Float($0) }))
    return (
      try take(graph.reshape(rows, to: [number, 1, extent]), &graph), try take(numbers, &graph)
    )
  }
}
