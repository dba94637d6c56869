import Graph
import Tensor

extension ONNXOperators {
  static let recurrences: [ONNXOperator] = [
    ONNXOperator("LinearAttention", opsets: 27...opsets.upperBound, linearAttention)
  ]

  /// A state S `[D, M]` for every head that each position changes and reads (the step of position t, written out one after
  /// the other):
  ///
  ///     S <- exp(g) S                          in the gated rules
  ///     v <- beta (v - S' (e k))               in the delta rules; e is 1 without an erase gate
  ///     S <- S + k v',   o = scale S' q
  @Sendable private static func linearAttention(_ node: NodeContext, _ graph: inout Graph) throws -> [ImportedValue] {
    let rule = try node.string("update_rule", "gated_delta")
    guard ["linear", "gated", "delta", "gated_delta"].contains(rule) else {
      throw node.failure("the update_rule `\(rule)` is unknown")
    }
    let (isGated, isDelta) = (rule.hasPrefix("gated"), rule.hasSuffix("delta"))
    guard let queryHeads = try node.int("q_num_heads"), let heads = try node.int("kv_num_heads"), heads >= 1,
      queryHeads >= heads, queryHeads % heads == 0
    else { throw node.failure("needs kv_num_heads, and q_num_heads that is a multiple of it") }
    guard node.has(4) == isGated, node.has(5) == isDelta, isDelta || !node.has(6) else {
      throw node.failure("its inputs decay, beta and erase_gate do not fit the update_rule `\(rule)`")
    }
    let query = try splitHeads(node.value(0, &graph), queryHeads, node, &graph)
    let key = try splitHeads(node.value(1, &graph), heads, node, &graph)
    let value = try splitHeads(node.value(2, &graph), heads, node, &graph)
    let (q, k, v) = (graph.shape(of: query), graph.shape(of: key), graph.shape(of: value))
    guard q[0] == k[0], k[0] == v[0], q[2] == k[2], k[2] == v[2], q[3] == k[3], q[3] > 0 else {
      throw node.failure("queries \(q), keys \(k) and values \(v) do not fit each other, expected [B, H, T, D]")
    }
    let length = q[2]
    guard length <= 1 << 11 else { throw node.failure("has \(length) positions, at most \(1 << 11) are supported") }
    let (batch, size, width) = (q[0], q[3], v[3])

    /// `[B, T, H]` or `[B, T, H D]` as `[B, H, T, 1 or D]`.
    func gates(_ index: Int, _ graph: inout Graph) throws -> Graph.Value? {
      guard let given = node.optionalValue(index, &graph) else { return nil }
      let extents = graph.shape(of: given).dimensions
      guard extents.count == 3, [1, heads, heads * size].contains(extents[2]) else {
        throw node.failure(
          "its input \(index) has shape \(Shape(extents)), expected [B, T, \(heads) or \(heads * size)]")
      }
      return try splitHeads(given, extents[2] == 1 ? 1 : heads, node, &graph)
    }
    let (decay, beta, erase) = (try gates(4, &graph), try gates(5, &graph), try gates(6, &graph))
    /// Position `t` of `[B, H, T, D]` as a column `[B, H, D, 1]`.
    func column(_ x: Graph.Value, _ t: Int, _ graph: inout Graph) throws -> Graph.Value {
      try graph.swapLastAxes(graph.slice(x, axis: 2, start: t, count: 1))
    }
    let given = try node.float("scale", 0)
    let scale = graph.constant(given == 0 ? 1 / Float(size).squareRoot() : given)
    var state =
      try node.optionalValue(3, &graph)
      ?? graph.broadcast(graph.constant(0), to: [batch, heads, size, width])
    guard graph.shape(of: state) == [batch, heads, size, width] else {
      throw node.failure("its state has shape \(graph.shape(of: state)), expected \([batch, heads, size, width])")
    }
    var results: [Graph.Value] = []
    for t in 0..<length {
      if let decay { state = try graph.multiply(state, graph.exp(column(decay, t, &graph))) }
      let k = try column(key, t, &graph)
      var change = try graph.slice(value, axis: 2, start: t, count: 1)
      if let beta {
        let erased = try erase.map { try graph.multiply(column($0, t, &graph), k) } ?? k
        let known = try graph.matmul(graph.swapLastAxes(erased), state)
        change = try graph.multiply(
          graph.slice(beta, axis: 2, start: t, count: 1), graph.subtract(change, known))
      }
      state = try graph.add(state, graph.multiply(k, change))
      let read = try graph.slice(query, axis: 2, start: t, count: 1)
      results.append(
        try graph.multiply(graph.matmul(read, repeatedHeads(state, queryHeads / heads, &graph)), scale))
    }
    guard !results.isEmpty else { throw node.failure("has no position at all") }
    return [.real(try joinedHeads(graph.concatenate(results, axis: 2), &graph)), .real(state)]
  }
}
