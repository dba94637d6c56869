import Graph
import Tensor

extension ONNXOperators {
  static let reductions: [ONNXOperator] = [
    reduction(
      "ReduceSum", inputSince: 13, { $0.reduce((0, false)) { combine($0, $1, { $0.addingReportingOverflow($1) }) } }
    ) {
      try $0.sum($1, axes: $2)
    },
    reduction("ReduceProd", { $0.reduce((1, false)) { combine($0, $1, { $0.multipliedReportingOverflow(by: $1) }) } }) {
      try product($1, $2, &$0)
    },
    reduction("ReduceMax", { ($0.max() ?? 0, $0.isEmpty) }) { try largest($1, $2, &$0) },
    reduction("ReduceMin", { ($0.min() ?? 0, $0.isEmpty) }) { try $0.negate(largest($0.negate($1), $2, &$0)) },
    reduction("ReduceMean") { try $0.mean($1, axes: $2) },
    reduction("ReduceL1") { try $0.sum($0.absoluteValue($1), axes: $2) },
    reduction("ReduceL2") { try $0.norm($1, axes: $2) },
    reduction("ReduceSumSquare") { try $0.sum($0.multiply($1, $1), axes: $2) },
    reduction("ReduceLogSum") { try $0.log($0.sum($1, axes: $2)) },
    reduction("ReduceLogSumExp") { graph, x, axes in
      guard graph.shape(of: x).count > 0 else { return try graph.log(graph.sum(graph.exp(x), axes: axes)) }
      // The largest is subtracted first, so that no exponential overflows.
      let largest = try graph.stopGradient(graph.maximum(x, axes: axes))
      let sum = try graph.sum(graph.exp(graph.subtract(x, largest)), axes: axes)
      return try graph.add(graph.log(sum), largest)
    },
  ]

  /// - Parameters:
  ///   - opset: since when the axes are an input.
  ///   - exact: of integers that are known; nil where there are none in shapes.
  private static func reduction(
    _ name: String, inputSince opset: Int = 18,
    _ exact: (@Sendable ([Int]) -> (partialValue: Int, overflow: Bool))? = nil,
    _ build: @escaping @Sendable (inout Graph, Graph.Value, [Int]) throws -> Graph.Value
  ) -> ONNXOperator {
    let rule: ONNXOperator.IntegerRule =
      exact.map { exact in .computes { try reduceIntegers($0, $1, inputSince: opset, exact) } } ?? .none
    return ONNXOperator(name, integers: rule) { node, graph in
      let x = try node.value(0, &graph)
      let kind = try node.input(0).kind
      let shape = graph.shape(of: x)
      guard
        let axes = try axes(node, given: node.axes(graph, since: opset), rank: shape.rank)
      else { return [.graph(x, kind)] }
      let result = axes.isEmpty ? try build(&graph, x, []) : try build(&graph, x, axes)
      return [.graph(try node.flag("keepdims", true) ? result : dropping(axes, result, &graph), kind)]
    }
  }

  /// Nil where nothing is to be reduced.
  private static func axes(_ node: NodeContext, given: [Int]?, rank: Int) throws -> [Int]? {
    if let given, !given.isEmpty { return try node.axes(given, rank: rank) }
    return try node.flag("noop_with_empty_axes") ? nil : Array(0..<rank)
  }

  private static func dropping(_ axes: [Int], _ x: Graph.Value, _ graph: inout Graph) throws -> Graph.Value {
    let shape = graph.shape(of: x)
    return try graph.reshape(x, to: Shape((0..<shape.rank).filter { !axes.contains($0) }.map { shape[$0] }))
  }

  @Sendable private static func combine(
    _ left: (partialValue: Int, overflow: Bool), _ right: Int,
    _ operation: (Int, Int) -> (partialValue: Int, overflow: Bool)
  ) -> (partialValue: Int, overflow: Bool) {
    let next = operation(left.partialValue, right)
    return (next.partialValue, next.overflow || left.overflow)
  }

  private static func reduceIntegers(
    _ node: NodeContext, _ inputs: [IntegerTensor], inputSince opset: Int,
    _ exact: ([Int]) -> (partialValue: Int, overflow: Bool)
  ) throws -> IntegerTensor? {
    let x = inputs[0]
    let given = node.opset >= opset ? (inputs.count > 1 ? inputs[1].values : nil) : try node.ints("axes")
    guard let axes = try axes(node, given: given, rank: x.shape.rank) else { return x }
    let kept = (0..<x.shape.rank).filter { !axes.contains($0) }
    let strides = x.shape.strides
    func offsets(_ axes: [Int]) -> [Int] {
      axes.reduce([0]) { starts, axis in
        starts.flatMap { start in (0..<x.shape[axis]).map { start + $0 * strides[axis] } }
      }
    }
    let keeps = try node.flag("keepdims", true)
    let shape = try node.checkedShape(
      (0..<x.shape.rank).compactMap { axes.contains($0) ? (keeps ? 1 : nil) : x.shape[$0] })
    guard shape.count < 1 << 24 else {
      throw node.failure("makes \(shape.count) integers, at most \(1 << 24) are accepted")
    }
    // Long axes beside an empty one have no elements to walk over.
    let inner = x.shape.count == 0 ? [] : offsets(axes)
    let values = try (shape.count == 0 ? [] : offsets(kept)).map { start in
      let (value, overflow) = exact(inner.map { x.values[start + $0] })
      guard !overflow else { throw node.failure("the result is not a 64-bit integer") }
      return value
    }
    return IntegerTensor(shape: shape, values: values, kind: x.kind)
  }

  /// The largest of nothing is minus infinity.
  private static func largest(_ x: Graph.Value, _ axes: [Int], _ graph: inout Graph) throws -> Graph.Value {
    let shape = graph.shape(of: x)
    guard axes.contains(where: { shape[$0] == 0 }) else { return try graph.maximum(x, axes: axes) }
    let extents = (0..<shape.rank).map { axes.contains($0) ? 1 : shape[$0] }
    return try graph.broadcast(graph.constant(-.infinity), to: Shape(extents))
  }

  /// Multiplies the halves of each axis with each other until one element is left, so that zeros need no care.
  private static func product(_ x: Graph.Value, _ axes: [Int], _ graph: inout Graph) throws -> Graph.Value {
    var result = x
    for axis in axes {
      var extent = graph.shape(of: result)[axis]
      if extent == 0 {
        var extents = graph.shape(of: result).dimensions
        extents[axis] = 1
        return try product(graph.broadcast(graph.constant(1), to: Shape(extents)), axes, &graph)
      }
      while extent > 1 {
        let half = extent / 2
        let first = try graph.slice(result, axis: axis, start: 0, count: half)
        let second = try graph.slice(result, axis: axis, start: half, count: half)
        var next = try graph.multiply(first, second)
        if extent % 2 == 1 {
          let rest = try graph.slice(result, axis: axis, start: extent - 1, count: 1)
          next = try graph.concatenate([next, rest], axis: axis)
        }
        result = next
        extent = half + extent % 2
      }
    }
    return result
  }
}
