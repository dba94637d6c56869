import Foundation
import Graph
import Tensor

extension ONNXOperators {
  static let attention: [ONNXOperator] = [
    ONNXOperator("Attention", opsets: 23...opsets.upperBound) { node, graph in
      try ScaledDotProduct(node, &graph).outputs(node, &graph)
    },
    .real("RotaryEmbedding", opsets: 23...opsets.upperBound, rotaryEmbedding),
  ]

  /// `[B, T, H D]` as `[B, H, T, D]`.
  static func splitHeads(
    _ x: Graph.Value, _ heads: Int, _ node: NodeContext, _ graph: inout Graph
  ) throws -> Graph.Value {
    let shape = graph.shape(of: x)
    guard shape.rank == 3, heads >= 1, heads <= max(1, shape[2]), shape[2] % heads == 0 else {
      throw node.failure("\(shape) does not divide into \(heads) heads, expected [B, T, H D]")
    }
    return try graph.transpose(graph.reshape(x, to: [shape[0], shape[1], heads, shape[2] / heads]), [0, 2, 1, 3])
  }

  /// `[B, H, T, D]` as `[B, T, H D]`.
  static func joinedHeads(_ x: Graph.Value, _ graph: inout Graph) throws -> Graph.Value {
    let shape = graph.shape(of: x)
    return try graph.reshape(graph.transpose(x, [0, 2, 1, 3]), to: [shape[0], shape[2], shape[1] * shape[3]])
  }

  /// Every head of `[B, H, T, D]` `count` times in a row: query heads that share keys and values are neighbours.
  static func repeatedHeads(_ x: Graph.Value, _ count: Int, _ graph: inout Graph) throws -> Graph.Value {
    guard count > 1 else { return x }
    let s = graph.shape(of: x)
    let column = try graph.reshape(x, to: [s[0], s[1], 1, s[2], s[3]])
    return try graph.reshape(
      graph.broadcast(column, to: [s[0], s[1], count, s[2], s[3]]), to: [s[0], s[1] * count, s[2], s[3]])
  }

  /// Turns pairs of features by angles that depend on the position (Su et al. 2021).
  @Sendable private static func rotaryEmbedding(_ node: NodeContext, _ graph: inout Graph) throws -> Graph.Value {
    let given = try node.value(0, &graph)
    let isPacked = graph.shape(of: given).rank == 3
    let x = isPacked ? try splitHeads(given, node.int("num_heads", 0), node, &graph) : given
    let shape = graph.shape(of: x)
    guard shape.rank == 4 else { throw node.failure("expected [B, H, T, D] or [B, T, H D], got \(shape)") }
    let wanted = try node.int("rotary_embedding_dim", 0)
    let size = wanted == 0 ? shape[3] : wanted
    guard size >= 2, size % 2 == 0, size <= shape[3] else {
      throw node.failure("cannot turn \(size) of \(shape[3]) features")
    }
    /// `[B or 1, 1, T, size / 2]`
    func angles(_ index: Int, _ graph: inout Graph) throws -> Graph.Value {
      var cache = try node.value(index, &graph)
      if node.has(3) {
        let (places, positions) = (try node.shape(3, graph), try node.integers(3, graph))
        let s = graph.shape(of: cache)
        guard s.rank == 2, positions.allSatisfy({ (0..<s[0]).contains($0) }) else {
          throw node.failure("the positions do not fit a table of \(s)")
        }
        cache = try graph.reshape(
          graph.take(cache, axis: 0, indices: positions), to: node.checkedShape(places.dimensions + [s[1]]))
      }
      let s = graph.shape(of: cache)
      guard s.rank == 3, s[1] == shape[2], s[2] == size / 2, s[0] == 1 || s[0] == shape[0] else {
        throw node.failure("a table of \(s) does not fit \(shape)")
      }
      return try graph.reshape(cache, to: [s[0], 1, s[1], s[2]])
    }
    let (cosine, sine) = (try angles(1, &graph), try angles(2, &graph))
    let half = size / 2
    let isInterleaved = try node.flag("interleaved")
    let (a, b) =
      isInterleaved
      ? (
        try graph.slice(x, axis: 3, start: 0, count: half, step: 2),
        try graph.slice(x, axis: 3, start: 1, count: half, step: 2)
      )
      : (try graph.slice(x, axis: 3, start: 0, count: half), try graph.slice(x, axis: 3, start: half, count: half))
    let real = try graph.subtract(graph.multiply(cosine, a), graph.multiply(sine, b))
    let imaginary = try graph.add(graph.multiply(sine, a), graph.multiply(cosine, b))
    var turned: Graph.Value
    if isInterleaved {
      let column: Shape = [shape[0], shape[1], shape[2], half, 1]
      turned = try graph.reshape(
        graph.concatenate([graph.reshape(real, to: column), graph.reshape(imaginary, to: column)], axis: 4),
        to: [shape[0], shape[1], shape[2], size])
    } else {
      turned = try graph.concatenate([real, imaginary], axis: 3)
    }
    if size < shape[3] {
      turned = try graph.concatenate(
        [turned, graph.slice(x, axis: 3, start: size, count: shape[3] - size)], axis: 3)
    }
    return isPacked ? try joinedHeads(turned, &graph) : turned
  }
}

/// softmax(scale Q K' + mask) V over heads, keys and values of the same number of heads or fewer, each shared by neighbours.
private struct ScaledDotProduct {
  private let isPacked: Bool
  private let query: Graph.Value
  /// With those of earlier calls in front.
  private let key: Graph.Value
  private let value: Graph.Value
  private let past: Int

  /// Inputs: Q, K, V; a mask; keys and values of earlier calls.
  init(_ node: NodeContext, _ graph: inout Graph) throws {
    let given = [try node.value(0, &graph), try node.value(1, &graph), try node.value(2, &graph)]
    isPacked = graph.shape(of: given[0]).rank == 3
    var heads = given
    if isPacked {
      guard let queries = try node.int("q_num_heads"), let keys = try node.int("kv_num_heads") else {
        throw node.failure("needs q_num_heads and kv_num_heads for inputs [B, T, H D]")
      }
      heads = [
        try ONNXOperators.splitHeads(given[0], queries, node, &graph),
        try ONNXOperators.splitHeads(given[1], keys, node, &graph),
        try ONNXOperators.splitHeads(given[2], keys, node, &graph),
      ]
    }
    guard !node.has(6) else {
      throw node.failure("its input nonpad_kv_seqlen, the filling of a cache, is not supported; export without a cache")
    }
    past = node.has(4) ? try node.shape(4, graph).dimensions.dropFirst(2).first ?? 0 : 0
    if let keys = node.optionalValue(4, &graph) { heads[1] = try graph.concatenate([keys, heads[1]], axis: 2) }
    if let values = node.optionalValue(5, &graph) { heads[2] = try graph.concatenate([values, heads[2]], axis: 2) }
    (query, key, value) = (heads[0], heads[1], heads[2])
    let (q, k, v) = (graph.shape(of: query), graph.shape(of: key), graph.shape(of: value))
    guard q.rank == 4, k.rank == 4, v.rank == 4, q[0] == k[0], k[0] == v[0], q[3] == k[3], q[3] > 0, k[2] == v[2],
      k[1] == v[1], k[1] > 0, q[1] % k[1] == 0
    else { throw node.failure("queries \(q), keys \(k) and values \(v) do not fit each other, expected [B, H, T, D]") }
  }

  func outputs(_ node: NodeContext, _ graph: inout Graph) throws -> [ImportedValue] {
    let (q, k) = (graph.shape(of: query), graph.shape(of: key))
    let repeats = q[1] / k[1]
    let scale = try node.float("scale") ?? 1 / Float(q[3]).squareRoot()
    let scaled = try graph.multiply(query, graph.constant(scale))
    var scores = try graph.matmul(
      scaled, graph.transpose(ONNXOperators.repeatedHeads(key, repeats, &graph), [0, 1, 3, 2]))
    let mode = try node.int("qk_matmul_output_mode", 0)
    var shown = scores
    let cap = try node.float("softcap", 0)
    if cap > 0 {
      // Before the mask, so that what is masked stays so.
      scores = try graph.multiply(
        graph.tanh(graph.divide(scores, graph.constant(cap))), graph.constant(cap))
      if mode == 1 { shown = scores }
    }
    let mask = try mask(node, rows: q[2], columns: k[2], &graph)
    if let mask { scores = try graph.add(scores, mask) }
    if mode == 2 { shown = scores }
    let weights = try weights(scores, mask, &graph)
    if mode == 3 { shown = weights }
    let result = try graph.matmul(weights, ONNXOperators.repeatedHeads(value, repeats, &graph))
    return [
      .real(isPacked ? try ONNXOperators.joinedHeads(result, &graph) : result), .real(key), .real(value), .real(shown),
    ]
  }

  /// softmax of the scores; 0 in rows in which the mask leaves no key, where it would be 0 / 0.
  private func weights(_ scores: Graph.Value, _ mask: Graph.Value?, _ graph: inout Graph) throws -> Graph.Value {
    guard let mask, graph.constantTensor(mask).map(Self.leavesRowsEmpty) ?? true else {
      return try graph.softmax(scores)
    }
    let largest = try graph.maximum(mask, axes: [graph.shape(of: mask).rank - 1])
    let isEmpty = try graph.greater(graph.constant(-.greatestFiniteMagnitude), largest)
    let zero = graph.constant(0)
    // Before the softmax too: a derivative of 0 / 0 would stay NaN.
    return try graph.select(isEmpty, zero, graph.softmax(graph.select(isEmpty, zero, scores)))
  }

  private static func leavesRowsEmpty(_ mask: Tensor) -> Bool {
    guard let columns = mask.shape.dimensions.last, columns > 0 else { return false }
    return stride(from: 0, to: mask.scalars.count, by: columns).contains { start in
      mask.scalars[start..<start + columns].allSatisfy { $0 == -.infinity }
    }
  }

  /// What is added to the scores, nil for nothing.
  private func mask(
    _ node: NodeContext, rows: Int, columns: Int, _ graph: inout Graph
  ) throws -> Graph.Value? {
    var total: Graph.Value?
    if let given = node.optional(3) {
      var mask = given.value(in: &graph)
      let isTruth = given.kind == .boolean
      let shape = graph.shape(of: mask)
      guard let last = shape.dimensions.last, last <= columns else {
        throw node.failure("a mask of \(shape) does not fit \(columns) keys")
      }
      if isTruth {
        mask = try graph.select(mask, graph.constant(0), graph.constant(-.infinity))
      }
      if last < columns {
        // Keys behind the mask's end take no part.
        var behind = shape.dimensions.map { _ in 0 }
        behind[shape.rank - 1] = columns - last
        mask = try graph.pad(mask, low: shape.dimensions.map { _ in 0 }, high: behind, value: -.infinity)
      }
      total = mask
    }
    let (left, right) = (try bound("left_window_size", node), try bound("right_window_size", node))
    let isCausal = try node.flag("is_causal")
    if isCausal || left != nil || right != nil {
      guard rows * columns < 1 << 26 else { throw node.failure("masks \(rows) x \(columns) scores") }
      let window = Tensor(shape: [rows, columns]) { buffer in
        for row in 0..<rows {
          // Behind the keys of earlier calls.
          let place = row + past
          let first = left.map { place - $0 } ?? 0
          let last = min(isCausal ? place : columns, right.map { place + $0 } ?? columns)
          for column in 0..<columns {
            buffer[row * columns + column] = column < first || column > last ? -.infinity : 0
          }
        }
      }
      let value = graph.constant(window)
      total = try total.map { try graph.add($0, value) } ?? value
    }
    return total
  }

  /// How far from a query's own place its keys may lie to one side; nil for any distance.
  private func bound(_ name: String, _ node: NodeContext) throws -> Int? {
    guard let distance = try node.int(name), distance >= 0 else { return nil }
    // Further than any key, and no overflow.
    return min(distance, 1 << 32)
  }
}
