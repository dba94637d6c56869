import Foundation
import Graph
import Tensor

/// `bhid,bhjd->bhij` and its like: sums over products of any number of operands, as batched matrix products.
struct EinsteinSum {
  /// A value whose axes are named by letters.
  private struct Operand {
    var value: Graph.Value
    var letters: [Character]
  }

  /// Letters for the axes of `...`, which no equation can name.
  private static let ellipsis = "\u{2026}"

  private let node: NodeContext
  private let equation: String

  init(_ node: NodeContext) throws {
    self.node = node
    equation = try node.string("equation", "").filter { $0 != " " }.replacing("...", with: Self.ellipsis)
  }

  func apply(_ values: [Graph.Value], _ graph: inout Graph) throws -> Graph.Value {
    let sides = equation.components(separatedBy: "->")
    let terms = sides[0].split(separator: ",", omittingEmptySubsequences: false)
    guard sides.count <= 2, terms.count == values.count, !values.isEmpty else {
      throw failure("has \(terms.count) terms, but there are \(values.count) operands")
    }
    // The axes of `...` are aligned at the end, as in broadcasting.
    let hidden = try zip(terms, values).map { term, value in
      let count = graph.shape(of: value).rank - term.filter { String($0) != Self.ellipsis }.count
      let ellipses = term.count { String($0) == Self.ellipsis }
      guard (0...64).contains(count), ellipses == 1 || count == 0 && ellipses == 0 else {
        throw failure("the term `\(term)` does not fit an operand of shape \(graph.shape(of: value))")
      }
      return count
    }
    let names = (0..<(hidden.max() ?? 0)).map { Character(UnicodeScalar(UInt8($0))) }
    func letters(_ term: Substring, hidden count: Int) -> [Character] {
      term.flatMap { String($0) == Self.ellipsis ? Array(names.suffix(count)) : [$0] }
    }
    var operands: [Operand] = []
    for (index, value) in values.enumerated() {
      operands.append(
        try diagonal(Operand(value: value, letters: letters(terms[index], hidden: hidden[index])), &graph))
    }
    let output =
      sides.count == 2 ? letters(sides[1][...], hidden: names.count) : standardOutput(names, operands: terms.joined())
    let known = Set(operands.flatMap(\.letters))
    guard Set(output).count == output.count, output.allSatisfy({ known.contains($0) }) else {
      throw failure("its right side names an axis twice, or one that is on the left of no operand")
    }
    var result = operands.removeFirst()
    result = try summed(result, keeping: Set(output + operands.flatMap(\.letters)), &graph)
    while !operands.isEmpty {
      let next = operands.removeFirst()
      let later = Set(output + operands.flatMap(\.letters))
      result = try product(result, summed(next, keeping: later.union(result.letters), &graph), keeping: later, &graph)
    }
    return try ordered(result, output, &graph)
  }

  private func failure(_ reason: String) -> ONNXImportError {
    node.failure("the equation `\(equation.replacing(Self.ellipsis, with: "..."))`: \(reason)")
  }

  /// Without a right side: the axes of `...`, then the letters that occur once, in alphabetical order.
  private func standardOutput(_ names: [Character], operands text: String) -> [Character] {
    let counts = text.filter { String($0) != Self.ellipsis }.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    return names + counts.filter { $0.value == 1 }.keys.sorted()
  }

  /// A letter that occurs twice stands for the diagonal of its two axes.
  private func diagonal(_ operand: Operand, _ graph: inout Graph) throws -> Operand {
    var result = operand
    while let second = result.letters.indices.first(where: { result.letters[..<$0].contains(result.letters[$0]) }),
      let first = result.letters.firstIndex(of: result.letters[second])
    {
      let shape = graph.shape(of: result.value)
      let extent = shape[first]
      guard shape[second] == extent else { throw failure("the diagonal of \(shape) is not that of a square") }
      let others = shape.dimensions.indices.filter { $0 != first && $0 != second }
      let moved = try graph.transpose(result.value, others + [first, second])
      let extents = others.map { shape[$0] }
      let flat = try graph.reshape(moved, to: node.checkedShape(extents + [extent * extent]))
      result.value = try graph.take(flat, axis: others.count, indices: (0..<extent).map { $0 * (extent + 1) })
      result.letters = others.map { result.letters[$0] } + [result.letters[first]]
    }
    return result
  }

  /// Sums over the axes that nothing else needs.
  private func summed(_ operand: Operand, keeping needed: Set<Character>, _ graph: inout Graph) throws -> Operand {
    let shape = graph.shape(of: operand.value)
    let kept = operand.letters.indices.filter { needed.contains(operand.letters[$0]) }
    let axes = operand.letters.indices.filter { !needed.contains(operand.letters[$0]) }
    let sum = try graph.sum(operand.value, axes: axes)
    return Operand(
      value: try graph.reshape(sum, to: Shape(kept.map { shape[$0] })), letters: kept.map { operand.letters[$0] })
  }

  /// One batched matrix product: `[shared, rows, inner]` with `[shared, inner, columns]`.
  private func product(
    _ left: Operand, _ right: Operand, keeping needed: Set<Character>, _ graph: inout Graph
  ) throws -> Operand {
    let (left, right) = try withoutRepeated(left, right, &graph)
    let (inLeft, inRight) = (Set(left.letters), Set(right.letters))
    let shared = left.letters.filter { inRight.contains($0) && needed.contains($0) }
    let inner = left.letters.filter { inRight.contains($0) && !needed.contains($0) }
    let rows = left.letters.filter { !inRight.contains($0) }
    let columns = right.letters.filter { !inLeft.contains($0) }
    var extents: [Character: Int] = [:]
    for operand in [left, right] {
      for (letter, extent) in zip(operand.letters, graph.shape(of: operand.value).dimensions) {
        guard extents[letter, default: extent] == extent else {
          throw failure("the operands differ in the extent of `\(letter)`")
        }
        extents[letter] = extent
      }
    }
    func extent(_ letters: [Character]) throws -> Int {
      try node.checkedShape(letters.map { extents[$0] ?? 1 }).count
    }
    let a = try graph.reshape(
      ordered(left, shared + rows + inner, &graph), to: [extent(shared), extent(rows), extent(inner)])
    let b = try graph.reshape(
      ordered(right, shared + inner + columns, &graph), to: [extent(shared), extent(inner), extent(columns)])
    let letters = shared + rows + columns
    let value = try graph.reshape(graph.matmul(a, b), to: node.checkedShape(letters.map { extents[$0] ?? 1 }))
    return Operand(value: value, letters: letters)
  }

  /// An axis of extent 1 that the other operand has longer is repeated: it is as good as absent.
  private func withoutRepeated(_ left: Operand, _ right: Operand, _ graph: inout Graph) throws -> (Operand, Operand) {
    func reduced(_ operand: Operand, _ other: Operand) throws -> Operand {
      let (shape, otherShape) = (graph.shape(of: operand.value), graph.shape(of: other.value))
      let kept = operand.letters.indices.filter { axis in
        guard shape[axis] == 1, let place = other.letters.firstIndex(of: operand.letters[axis]) else { return true }
        return otherShape[place] == 1
      }
      return Operand(
        value: try graph.reshape(operand.value, to: Shape(kept.map { shape[$0] })),
        letters: kept.map { operand.letters[$0] })
    }
    return (try reduced(left, right), try reduced(right, left))
  }

  private func ordered(_ operand: Operand, _ letters: [Character], _ graph: inout Graph) throws -> Graph.Value {
    try graph.transpose(operand.value, letters.compactMap { operand.letters.firstIndex(of: $0) })
  }
}
