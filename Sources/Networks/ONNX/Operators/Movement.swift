import Graph
import Tensor

extension ONNXOperators {
  /// Elements in other places.
  static let movement: [ONNXOperator] = [
    .movement("Transpose") { node, graph in
      let x = try node.value(0, &graph)
      let rank = graph.shape(of: x).rank
      return try graph.transpose(x, node.ints("perm") ?? (0..<rank).reversed())
    },
    ONNXOperator("Concat", integers: .moves(data: nil), concatenate),
    ONNXOperator("Split", integers: .moves(data: [0]), split),
    .movement("Slice", slice),
    .movement("Gather", gather),
    // What fills the margin is one of the elements that move.
    ONNXOperator("Pad", integers: .moves(data: [0, 2])) { node, graph in
      [.graph(try pad(node, &graph), try node.input(0).kind)]
    },
  ]

  @Sendable private static func concatenate(_ node: NodeContext, _ graph: inout Graph) throws -> [ImportedValue] {
    var parts: [Graph.Value] = []
    for index in node.inputs.indices { parts.append(try node.value(index, &graph)) }
    guard let first = parts.first, let given = try node.int("axis") else {
      throw node.failure("needs at least one input and an axis")
    }
    let axis = try node.axis(given, rank: graph.shape(of: first).rank)
    // A constant such as a class token, of which the file has one per image of its own batch.
    if let rebatching = node.rebatching, rebatching.declared == 1, axis > 0 {
      for (index, part) in parts.enumerated() where graph.isKnown(part, given: [:]) {
        let shape = graph.shape(of: part)
        guard shape.rank > 0, shape[0] == 1, parts.contains(where: { rebatching.concerns($0, in: graph) }) else {
          continue
        }
        parts[index] = try graph.broadcast(part, to: shape.droppingFirst.prepending(rebatching.wanted))
      }
    }
    return [.graph(try graph.concatenate(parts, axis: axis), try node.input(0).kind)]
  }

  /// Sizes are an attribute up to opset 12, an input since; without them the parts are equal.
  @Sendable private static func split(_ node: NodeContext, _ graph: inout Graph) throws -> [ImportedValue] {
    let x = try node.value(0, &graph)
    let shape = graph.shape(of: x)
    let axis = try node.axis(node.int("axis", 0), rank: shape.rank)
    var sizes = try node.opset < 13 ? node.ints("split") : node.optionalIntegers(1, graph)
    if sizes == nil {
      let count = try node.int("num_outputs") ?? node.node.outputs.count
      guard count >= 1, count <= 1 << 16 else { throw node.failure("splits into \(count) parts") }
      // The last part is smaller where they cannot be equal.
      let size = (shape[axis] + count - 1) / count
      sizes = (0..<count).map { min(size, max(0, shape[axis] - $0 * size)) }
    }
    guard let sizes, sizes.allSatisfy({ $0 >= 0 && $0 <= shape[axis] }), sizes.reduce(0, +) == shape[axis] else {
      throw node.failure("the parts \(sizes ?? []) do not add up to axis \(axis) of \(shape)")
    }
    let kind = try node.input(0).kind
    var start = 0
    return try sizes.map { size in
      defer { start += size }
      return .graph(try graph.slice(x, axis: axis, start: start, count: size), kind)
    }
  }

  /// Bounds are attributes up to opset 9, inputs since 10; they are clamped to the axis.
  @Sendable private static func slice(_ node: NodeContext, _ graph: inout Graph) throws -> Graph.Value {
    var result = try node.value(0, &graph)
    let rank = graph.shape(of: result).rank
    let isOld = node.opset < 10
    let starts = try isOld ? node.ints("starts") ?? [] : node.integers(1, graph)
    let ends = try isOld ? node.ints("ends") ?? [] : node.integers(2, graph)
    let axes = try (isOld ? node.ints("axes") : node.optionalIntegers(3, graph)) ?? Array(starts.indices)
    let steps = try (isOld ? nil : node.optionalIntegers(4, graph)) ?? starts.map { _ in 1 }
    guard ends.count == starts.count, axes.count == starts.count, steps.count == starts.count,
      !steps.contains(0)
    else { throw node.failure("starts \(starts), ends \(ends), axes \(axes), steps \(steps) do not fit each other") }
    for index in starts.indices {
      let axis = try node.axis(axes[index], rank: rank)
      let extent = graph.shape(of: result)[axis]
      // Beyond these no bound or step makes a difference.
      let limit = extent + 1
      let step = steps[index].clamped(limit)
      func bound(_ position: Int) -> Int {
        let clamped = position.clamped(1 << 40)
        let absolute = clamped < 0 ? clamped + extent : clamped
        return step > 0 ? min(max(absolute, 0), extent) : min(max(absolute, -1), extent - 1)
      }
      let (start, end) = (bound(starts[index]), bound(ends[index]))
      // A step of the whole axis or more takes the first element alone.
      let places = Array(stride(from: start, to: end, by: step))
      if step > 0 {
        result = try graph.slice(
          result, axis: axis, start: places.isEmpty ? 0 : start, count: places.count, step: step)
      } else {
        result = try graph.take(result, axis: axis, indices: places)
      }
    }
    return result
  }

  /// Indices must be known; negative ones count from the end.
  @Sendable private static func gather(_ node: NodeContext, _ graph: inout Graph) throws -> Graph.Value {
    let x = try node.value(0, &graph)
    let shape = graph.shape(of: x)
    let axis = try node.axis(node.int("axis", 0), rank: shape.rank)
    guard shape.rank > 0 else { throw node.failure("needs at least one axis") }
    let places = try node.shape(1, graph)
    let indices = try node.integers(1, graph).map { index in
      guard index >= -shape[axis], index < shape[axis] else {
        throw node.failure("index \(index) is outside axis \(axis) of \(shape)")
      }
      return index < 0 ? index + shape[axis] : index
    }
    let extents = shape.dimensions[..<axis] + places.dimensions + shape.dimensions[(axis + 1)...]
    let isRun = zip(indices, indices.dropFirst()).allSatisfy { $1 == $0 + 1 }
    let taken =
      if isRun, let first = indices.first {
        try graph.slice(x, axis: axis, start: first, count: indices.count)
      } else {
        try graph.take(x, axis: axis, indices: indices)
      }
    return try graph.reshape(taken, to: node.checkedShape(Array(extents)))
  }

  /// Amounts and value are attributes up to opset 10, inputs since 11; negative amounts take away.
  @Sendable private static func pad(_ node: NodeContext, _ graph: inout Graph) throws -> Graph.Value {
    let x = try node.value(0, &graph)
    let rank = graph.shape(of: x).rank
    let isOld = node.opset < 11
    let amounts = try isOld ? node.ints("pads") ?? [] : node.integers(1, graph)
    let axes =
      try node.optionalIntegers(3, graph).map { try $0.map { try node.axis($0, rank: rank) } }
      ?? Array(0..<rank)
    guard amounts.count == 2 * axes.count, Set(axes).count == axes.count,
      amounts.allSatisfy({ abs($0.clamped(1 << 31)) <= 1 << 20 })
    else { throw node.failure("the amounts \(amounts) do not fit the axes \(axes) of \(graph.shape(of: x))") }
    var (low, high) = ([Int](repeating: 0, count: rank), [Int](repeating: 0, count: rank))
    for (index, axis) in axes.enumerated() {
      low[axis] = amounts[index]
      high[axis] = amounts[axes.count + index]
    }
    let mode = try node.string("mode", "constant")
    if mode == "constant" {
      let value = try isOld ? node.float("value", 0) : node.optionalFloat(2, graph) ?? 0
      return try TransposedConvolution.crop(
        x, before: low.map { -$0 }, behind: high.map { -$0 }, value: value, &graph)
    }
    var result = x
    for axis in 0..<rank where low[axis] != 0 || high[axis] != 0 {
      let extent = graph.shape(of: x)[axis]
      guard extent > 0 else { throw node.failure("axis \(axis) of \(graph.shape(of: x)) has nothing to repeat") }
      let places = -low[axis]..<max(-low[axis], extent + high[axis])
      result = try graph.take(
        result, axis: axis, indices: places.map { try source(of: $0, extent: extent, mode, node) })
    }
    return result
  }

  /// Which element is repeated at a place outside of an axis.
  private static func source(of place: Int, extent: Int, _ mode: String, _ node: NodeContext) throws -> Int {
    switch mode {
    case "edge": return min(max(place, 0), extent - 1)
    case "wrap": return (place % extent + extent) % extent
    case "reflect":
      // Without the border itself: the period is 2 extent - 2.
      guard extent > 1 else { return 0 }
      let period = 2 * extent - 2
      let phase = (place % period + period) % period
      return min(phase, period - phase)
    default: throw node.failure("the mode `\(mode)` is unknown")
    }
  }
}

extension Int {
  func clamped(_ limit: Int) -> Int { Swift.min(Swift.max(self, -limit), limit) }
}
