import Tensor

/// Decides in which order a program runs and where in one arena every value lives.
///
/// Values share memory when their lifetimes do not overlap; a view shares its input's memory, and an elementwise operator
/// overwrites an operand that nothing reads later. What the second stage reads of the first lives to the end, so that the
/// second can be repeated. Inputs keep their memory, so that each can be set at any time and keeps its value.
package struct MemoryPlan {
  /// All operators, those of the first stage before those of the second.
  package let order: [Graph.Value]
  package private(set) var arenaCount = 0
  private let late: [Bool]
  private var roots: [Graph.Value]
  private var offsets: [Int: Int] = [:]

  package func isLate(_ value: Graph.Value) -> Bool { late[value.index] }

  /// The value whose memory this one shares.
  package func root(of value: Graph.Value) -> Graph.Value {
    var root = value
    while roots[root.index] != root { root = roots[root.index] }
    return root
  }

  /// Offset in the arena of anything but constants and their views, which a backend keeps elsewhere.
  package func offset(of value: Graph.Value) -> Int {
    guard let offset = offsets[root(of: value).index] else {
      preconditionFailure("value \(value.index) of the graph has no place in the arena")
    }
    return offset
  }

  /// Whole cache lines.
  package static func aligned(_ count: Int) -> Int { (count + 15) / 16 * 16 }

  package init(_ graph: Graph, outputs: [Graph.Value], lateInputs: Set<String>) {
    let lateLeaves = graph.values.filter {
      if case .input(let name) = graph[$0].source { lateInputs.contains(name) } else { false }
    }
    late = graph.dependents(of: lateLeaves)
    roots = graph.values
    let isLate = late
    let operators = graph.values.filter { if case .apply = graph[$0].source { true } else { false } }
    order = operators.filter { !isLate[$0.index] } + operators.filter { isLate[$0.index] }
    place(shareMemory(graph, outputs: outputs))
  }

  private struct Lifetime {
    var first: Int
    var last: Int
    var count: Int
  }

  /// Fixes `roots`, and returns the lifetime of each root but constants, in positions of `order`.
  private mutating func shareMemory(_ graph: Graph, outputs: [Graph.Value]) -> [Int: Lifetime] {
    let end = order.count
    var position = [Int](repeating: 0, count: graph.nodes.count)
    for (index, value) in order.enumerated() { position[value.index] = index }
    for value in graph.values {
      if case .apply(let operation, let inputs) = graph[value].source, operation.isView {
        roots[value.index] = root(of: inputs[0])
      }
    }
    var lastRead: [Int: Int] = [:]
    for value in graph.values {
      for input in graph[value].inputs {
        let crossesStages = late[value.index] && !late[input.index]
        let read = crossesStages ? end : position[value.index]
        let root = root(of: input).index
        lastRead[root] = max(lastRead[root] ?? 0, read)
      }
    }
    for output in outputs { lastRead[root(of: output).index] = end }

    var lifetimes: [Int: Lifetime] = [:]
    for value in graph.values {
      if case .input = graph[value].source {
        lifetimes[value.index] = Lifetime(first: 0, last: end, count: Self.aligned(graph.shape(of: value).count))
        lastRead[value.index] = end
      }
    }
    for value in order where roots[value.index] == value {
      let here = position[value.index]
      let count = Self.aligned(graph.shape(of: value).count)
      let last = max(lastRead[value.index] ?? here, here)
      if let overwritten = overwritable(graph, value, at: here, lastRead, lifetimes) {
        roots[value.index] = overwritten
        lifetimes[overwritten.index]?.last = last
        lastRead[overwritten.index] = last
      } else {
        lifetimes[value.index] = Lifetime(first: here, last: last, count: count)
      }
    }
    return lifetimes
  }

  /// The memory of an input that this elementwise node reads last and may overwrite.
  private func overwritable(
    _ graph: Graph, _ value: Graph.Value, at here: Int, _ lastRead: [Int: Int], _ lifetimes: [Int: Lifetime]
  ) -> Graph.Value? {
    guard case .apply(let operation, let inputs) = graph[value].source, operation.isElementwise else { return nil }
    for input in inputs where graph.shape(of: input) == graph.shape(of: value) {
      let root = root(of: input)
      // The other operand may be the same memory in another shape, which is not read element by element.
      let others = inputs.filter {
        $0 != input && self.root(of: $0) == root && graph.shape(of: $0) != graph.shape(of: value)
      }
      if lastRead[root.index] == here, lifetimes[root.index] != nil, others.isEmpty { return root }
    }
    return nil
  }

  /// Largest first, each at the lowest offset that no overlapping lifetime occupies.
  private mutating func place(_ lifetimes: [Int: Lifetime]) {
    let sorted = lifetimes.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
    var placed: [(offset: Int, lifetime: Lifetime)] = []
    for (root, lifetime) in sorted {
      var offset = 0
      for other in placed where other.lifetime.first <= lifetime.last && lifetime.first <= other.lifetime.last {
        if offset + lifetime.count <= other.offset { break }
        offset = max(offset, other.offset + other.lifetime.count)
      }
      offsets[root] = offset
      arenaCount = max(arenaCount, offset + lifetime.count)
      let index = placed.firstIndex { $0.offset > offset } ?? placed.count
      placed.insert((offset, lifetime), at: index)
    }
  }
}
