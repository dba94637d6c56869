import Foundation
import Graph
import Tensor

/// `bhid,bhjd->bhij` and its like, of one or two operands: a sum over products, as one batched matrix product.
struct EinsteinSum {
  private let node: NodeContext
  private let terms: [[Character]]
  private let output: [Character]

  init(_ node: NodeContext, _ equation: String) throws {
    self.node = node
    let sides = equation.filter { $0 != " " }.components(separatedBy: "->")
    terms = sides[0].split(separator: ",", omittingEmptySubsequences: false).map { Array($0) }
    let letters = terms.flatMap { $0 }
    let counts = letters.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    output = sides.count > 1 ? Array(sides[1]) : counts.filter { $0.value == 1 }.keys.sorted()
    let isPlain = letters.allSatisfy { $0.isLetter } && terms.allSatisfy { Set($0).count == $0.count }
    guard (1...2).contains(terms.count), sides.count <= 2, isPlain, Set(output).count == output.count,
      output.allSatisfy({ counts[$0] != nil })
    else {
      throw node.failure(
        "the equation `\(equation)` is not supported: one or two terms, without `...` and without a repeated letter in one"
      )
    }
  }

  func apply(_ operands: [Graph.Value], _ graph: inout Graph) throws -> Graph.Value {
    guard operands.count == terms.count,
      zip(operands, terms).allSatisfy({ graph.shape(of: $0).rank == $1.count })
    else { throw node.failure("the operands do not fit the equation") }
    // What one operand alone has, and the output has not, is summed at once.
    var (values, letters): ([Graph.Value], [[Character]]) = ([], [])
    for index in terms.indices {
      let others = Set(terms.indices.filter { $0 != index }.flatMap { terms[$0] } + output)
      let (value, kept) = try summed(operands[index], terms[index], keeping: others, &graph)
      values.append(value)
      letters.append(kept)
    }
    guard values.count == 2 else { return try transposed(values[0], letters[0], to: output, &graph) }
    let (left, right) = (Set(letters[0]), Set(letters[1]))
    let shared = output.filter { left.contains($0) && right.contains($0) }
    let inner = letters[0].filter { right.contains($0) && !shared.contains($0) }
    let rows = letters[0].filter { !right.contains($0) }
    let columns = letters[1].filter { !left.contains($0) }
    let a = try matrices(values[0], letters[0], shared, rows, inner, &graph)
    let b = try matrices(values[1], letters[1], shared, inner, columns, &graph)
    var extents: [Character: Int] = [:]
    for (value, names) in zip(values, letters) {
      for (name, extent) in zip(names, graph.shape(of: value).dimensions) {
        guard extents[name] == nil || extents[name] == extent else {
          throw node.failure("the operands differ in the extent of `\(name)`")
        }
        extents[name] = extent
      }
    }
    let order = shared + rows + columns
    let product = try graph.reshape(graph.matmul(a, b), to: Shape(order.map { extents[$0] ?? 1 }))
    return try transposed(product, order, to: output, &graph)
  }

  private func summed(
    _ value: Graph.Value, _ names: [Character], keeping others: Set<Character>, _ graph: inout Graph
  ) throws -> (Graph.Value, [Character]) {
    let axes = names.indices.filter { !others.contains(names[$0]) }
    let kept = names.filter { others.contains($0) }
    let shape = graph.shape(of: value)
    let result = try graph.sum(value, axes: axes)
    let extents = names.indices.filter { !axes.contains($0) }.map { shape[$0] }
    return (try graph.reshape(result, to: Shape(extents)), kept)
  }

  private func transposed(
    _ value: Graph.Value, _ names: [Character], to order: [Character], _ graph: inout Graph
  ) throws -> Graph.Value {
    try graph.transpose(value, order.compactMap { names.firstIndex(of: $0) })
  }

  /// `[shared, rows, columns]`, each joined to one axis.
  private func matrices(
    _ value: Graph.Value, _ names: [Character], _ shared: [Character], _ rows: [Character], _ columns: [Character],
    _ graph: inout Graph
  ) throws -> Graph.Value {
    let shape = graph.shape(of: value)
    func count(_ letters: [Character]) -> Int {
      letters.reduce(1) { $0 * (names.firstIndex(of: $1).map { shape[$0] } ?? 1) }
    }
    let ordered = try transposed(value, names, to: shared + rows + columns, &graph)
    return try graph.reshape(ordered, to: [count(shared), count(rows), count(columns)])
  }
}
