extension ONNXNode {
  /// The nodes so that every value is made before it is read, as the format demands and some converters do not keep: where
  /// that is so already, as they are, else each behind those that it needs. Nodes in a circle stay as they are too: whoever
  /// runs them finds the value that nothing before makes.
  static func ordered(_ nodes: [ONNXNode]) -> [ONNXNode] {
    var makers: [String: Int] = [:]
    for (index, node) in nodes.enumerated() {
      for name in node.outputs where !name.isEmpty && makers[name] == nil { makers[name] = index }
    }
    let needs = nodes.map { $0.namesRead.compactMap { makers[$0] } }
    if needs.enumerated().allSatisfy({ index, needed in needed.allSatisfy { $0 < index } }) { return nodes }
    enum State { case waiting, started, placed }
    var states = [State](repeating: .waiting, count: nodes.count)
    var result: [ONNXNode] = []
    result.reserveCapacity(nodes.count)
    for start in nodes.indices where states[start] == .waiting {
      // Depth first, without recursion: a chain of nodes may be as long as the file.
      var pending = [(index: start, next: 0)]
      states[start] = .started
      while let (index, next) = pending.last {
        guard next < needs[index].count else {
          states[index] = .placed
          result.append(nodes[index])
          pending.removeLast()
          continue
        }
        pending[pending.count - 1].next += 1
        let needed = needs[index][next]
        switch states[needed] {
        case .placed: break
        case .started: return nodes
        case .waiting:
          states[needed] = .started
          pending.append((needed, 0))
        }
      }
    }
    return result
  }
}
