import Graph
import Tensor

extension ONNXOperators {
  /// The same elements in another shape.
  static let reshaping: [ONNXOperator] = [
    .movement("Identity") { try $0.value(0, &$1) },
    .movement("Reshape", reshape),
    .movement("Flatten") { node, graph in
      let x = try node.value(0, &graph)
      let extents = graph.shape(of: x).dimensions
      let axis = try node.int("axis", 1)
      // The axis may stand behind the last one.
      let split = axis == extents.count ? axis : try node.axis(axis, rank: extents.count)
      return try graph.reshape(
        x, to: [extents[..<split].reduce(1, *), extents[split...].reduce(1, *)])
    },
    .movement("Squeeze") { node, graph in
      let x = try node.value(0, &graph)
      let shape = graph.shape(of: x)
      let axes =
        try node.axes(graph, since: 13).map { try node.axes($0, rank: shape.rank) }
        ?? (0..<shape.rank).filter { shape[$0] == 1 }
      guard axes.allSatisfy({ shape[$0] == 1 }) else {
        throw node.failure("cannot remove the axes \(axes) of \(shape), which are not 1")
      }
      return try graph.reshape(x, to: Shape((0..<shape.rank).filter { !axes.contains($0) }.map { shape[$0] }))
    },
    .movement("Unsqueeze") { node, graph in
      let x = try node.value(0, &graph)
      guard let given = try node.axes(graph, since: 13) else { throw node.failure("does not say which axes to add") }
      var extents = graph.shape(of: x).dimensions
      for axis in try node.axes(given, rank: extents.count + given.count) { extents.insert(1, at: axis) }
      return try graph.reshape(x, to: Shape(extents))
    },
    .movement("Expand", opsets: 8...opsets.upperBound) { node, graph in
      let x = try node.value(0, &graph)
      let shape = try node.broadcastShape(graph.shape(of: x), node.checkedShape(node.integers(1, graph)))
      return try graph.broadcast(x, to: shape)
    },
    .movement("Tile") { node, graph in
      let x = try node.value(0, &graph)
      let shape = graph.shape(of: x)
      let repeats = try node.integers(1, graph)
      guard repeats.count == shape.rank, repeats.allSatisfy({ (0...1 << 24).contains($0) }) else {
        throw node.failure("the repeats \(repeats) do not fit \(shape)")
      }
      // Each axis becomes (repeat, extent), of which the first is broadcast.
      let split = Shape(shape.dimensions.flatMap { [1, $0] })
      let repeated = try node.checkedShape(zip(repeats, shape.dimensions).flatMap { [$0, $1] })
      let whole = try node.checkedShape(zip(repeats, shape.dimensions).map { $0 * $1 })
      return try graph.reshape(graph.broadcast(graph.reshape(x, to: split), to: repeated), to: whole)
    },
    .movement("DepthToSpace") { node, graph in
      let x = try node.value(0, &graph)
      let (shape, block) = try blocks(x, node, graph)
      guard shape[1] % (block * block) == 0 else {
        throw node.failure("the channels of \(shape) do not divide into blocks of \(block) x \(block)")
      }
      let (n, c, h, w) = (shape[0], shape[1] / (block * block), shape[2], shape[3])
      let isColumnFirst = try node.string("mode", "DCR") == "CRD"
      let split: Shape = isColumnFirst ? [n, c, block, block, h, w] : [n, block, block, c, h, w]
      let order = isColumnFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]
      return try graph.reshape(
        graph.transpose(graph.reshape(x, to: split), order), to: [n, c, h * block, w * block])
    },
    .movement("SpaceToDepth") { node, graph in
      let x = try node.value(0, &graph)
      let (shape, block) = try blocks(x, node, graph)
      guard shape[2] % block == 0, shape[3] % block == 0 else {
        throw node.failure("\(shape) does not divide into blocks of \(block) x \(block)")
      }
      let (n, c, h, w) = (shape[0], shape[1], shape[2] / block, shape[3] / block)
      let split = try graph.reshape(x, to: [n, c, h, block, w, block])
      let order = try node.string("mode", "DCR") == "CRD" ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4]
      return try graph.reshape(graph.transpose(split, order), to: [n, c * block * block, h, w])
    },
  ]

  private static func blocks(_ x: Graph.Value, _ node: NodeContext, _ graph: Graph) throws -> (Shape, Int) {
    let shape = graph.shape(of: x)
    guard shape.rank == 4, let block = try node.int("blocksize"), (1...1 << 15).contains(block) else {
      throw node.failure("expected [N, C, H, W] and a positive blocksize, got \(shape)")
    }
    return (shape, block)
  }

  /// 0 copies an extent (unless `allowzero`), -1 takes what is left.
  @Sendable private static func reshape(_ node: NodeContext, _ graph: inout Graph) throws -> Graph.Value {
    let x = try node.value(0, &graph)
    let shape = graph.shape(of: x)
    var extents = try node.integers(1, graph)
    // A batch that was written into the file.
    if let rebatching = node.rebatching, extents.first == rebatching.declared,
      rebatching.concerns(x, in: graph)
    {
      extents[0] = rebatching.wanted
    }
    let keepsZero = try node.flag("allowzero")
    guard extents.allSatisfy({ $0 >= -1 }), extents.count(where: { $0 == -1 }) <= 1 else {
      throw node.failure("the shape \(extents) has a negative extent")
    }
    for (axis, extent) in extents.enumerated() where extent == 0 && !keepsZero {
      guard axis < shape.rank else { throw node.failure("the shape \(extents) copies axis \(axis) of \(shape)") }
      extents[axis] = shape[axis]
    }
    if let free = extents.firstIndex(of: -1) {
      let others = try node.checkedShape(extents.filter { $0 != -1 }).count
      guard others > 0, shape.count % others == 0 else {
        throw node.failure("the \(shape.count) elements of \(shape) do not fill the shape \(extents)")
      }
      extents[free] = shape.count / others
    }
    return try graph.reshape(x, to: node.checkedShape(extents))
  }
}
