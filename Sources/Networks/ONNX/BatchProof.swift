import Graph
import Tensor

#if canImport(Glibc)
  import Glibc
#endif

/// A proof that a graph computes each image by itself, and as it computes one alone: the graphs of one image and of two, made by the same
/// nodes, are walked side by side, and of every value is known which numbers of the larger graph are those of which image.
///
/// A number's index in row-major order says it: the numbers of an image come in runs, run by run one image's after the other's. So it is
/// with the input, and a rule for each operator says where it stays so. Reshaping keeps the order of numbers, and needs none. An operator
/// without a rule, or one that does not hold, leaves its value without a statement: that disproves nothing, and the graph is tried.
struct BatchProof {
  /// What is known of a value.
  private enum Relation: Equatable {
    /// It is the same in both graphs, whatever the images.
    case same
    /// Number `i` of the smaller graph, computed of image k, is number `(i / run * 2 + k) * run + i % run` of the larger one.
    case images(run: Int)
  }

  /// Where images lie in a value: in turn along an axis, `block` entries of one, then as many of the other.
  private struct Place: Equatable {
    var axis: Int
    let block: Int

    init(axis: Int, block: Int) { (self.axis, self.block) = (axis, block) }

    /// Nil where a run is no part of an axis.
    init?(_ run: Int, _ one: Shape, _ two: Shape) {
      guard let axis = BatchProof.doubledAxis(one, two) else { return nil }
      let entry = Place(axis: axis, block: 1).run(in: one)
      guard entry > 0, run % entry == 0, case let block = run / entry, block > 0, one[axis] % block == 0 else {
        return nil
      }
      self.init(axis: axis, block: block)
    }

    /// How many numbers of an image come in a row.
    func run(in shape: Shape) -> Int { shape.dimensions[(axis + 1)...].reduce(block, *) }
  }

  private let one: Graph
  private let two: Graph
  /// Of the values of the larger graph that are computed: the same node's value in the smaller one, and what is known of both.
  private var partners: [Graph.Value: (value: Graph.Value, relation: Relation)] = [:]

  /// Whether the logits `[N, K]` of two images are those of one and of the other, image by image.
  static func holds(
    one: (graph: Graph, logits: Graph.Value), two: (graph: Graph, logits: Graph.Value)
  ) -> Bool {
    var proof = BatchProof(one.graph, two.graph)
    proof.walk()
    let classes = one.graph.shape(of: one.logits)
    return classes.rank == 2 && proof.relation(one.logits, two.logits) == .images(run: classes[1])
  }

  /// What is known of constants, which may be large and have many readers.
  private var constants: [Constants: Relation?] = [:]

  private struct Constants: Hashable {
    let one: Graph.Value
    let two: Graph.Value
  }

  private init(_ one: Graph, _ two: Graph) { (self.one, self.two) = (one, two) }

  /// Finds the partners of all values, in the order in which they are computed.
  private mutating func walk() {
    func computed(_ graph: Graph) -> [Graph.Value] {
      graph.values.filter { if case .constant = graph[$0].source { false } else { true } }
    }
    var left = computed(one)[...]
    for value in computed(two) {
      if let first = left.first, let relation = step(first, value) {
        partners[value] = (first, relation)
        left.removeFirst()
      } else if !isAbsentForOne(value) {
        left = left.dropFirst()
      }
    }
  }

  /// Whether a value may have no partner, because with one image it would be its own input: what is repeated for each image, and
  /// what is brought into the shape that it has.
  private func isAbsentForOne(_ value: Graph.Value) -> Bool {
    guard case .apply(let operation, _) = two[value].source else { return false }
    return operation is Broadcast || operation.isView
  }

  /// What is known of two values that operators read.
  /// - Parameter depth: of values without a partner.
  private mutating func relation(_ here: Graph.Value, _ there: Graph.Value, depth: Int = 0) -> Relation? {
    if let tensor = one.constantTensor(here), let other = two.constantTensor(there) {
      let pair = Constants(one: here, two: there)
      if let known = constants[pair] { return known }
      let known = Self.relation(tensor, other)
      constants[pair] = .some(known)
      return known
    }
    if let partner = partners[there] { return partner.value == here ? partner.relation : nil }
    guard depth < Self.longestAbsence, isAbsentForOne(there), let input = two[there].inputs.first,
      let known = relation(here, input, depth: depth + 1)
    else { return nil }
    let (shape, other) = (one.shape(of: here), two.shape(of: there))
    if case .images = known { return two.isView(there) ? known : nil }
    // The same for both images.
    guard shape != other else { return .same }
    return Self.doubledAxis(shape, other).map { .images(run: Place(axis: $0, block: shape[$0]).run(in: shape)) }
  }

  private static let longestAbsence = 8

  /// What is known of two values, should they be of the same node.
  private mutating func step(_ here: Graph.Value, _ there: Graph.Value) -> Relation? {
    let (shape, other) = (one.shape(of: here), two.shape(of: there))
    switch (one[here].source, two[there].source) {
    case (.input(let name), .input(let otherName)):
      return name == otherName && shape.rank > 0 && shape[0] == 1 && other == shape.droppingFirst.prepending(2)
        ? .images(run: shape.count) : nil
    case (.apply(let operation, let inputs), .apply(let otherOperation, let otherInputs)):
      guard inputs.count == otherInputs.count, type(of: operation) == type(of: otherOperation) else { return nil }
      var operands: [Operand] = []
      for (input, other) in zip(inputs, otherInputs) {
        guard let relation = relation(input, other) else { return nil }
        operands.append(Operand(relation, one.shape(of: input), two.shape(of: other)))
      }
      return Self.relation(operation, otherOperation, operands, shape, other)
    default:
      return nil
    }
  }

  /// An operand in both graphs.
  private struct Operand {
    let relation: Relation
    let shape: Shape
    let other: Shape
    /// Nil where it is the same for all images, and where nothing but the order of its numbers is known.
    let place: Place?

    init(_ relation: Relation, _ shape: Shape, _ other: Shape) {
      (self.relation, self.shape, self.other) = (relation, shape, other)
      place = if case .images(let run) = relation { Place(run, shape, other) } else { nil }
    }
  }

  /// Constants may have an entry for each image, all equal.
  private static func relation(_ one: Tensor, _ two: Tensor) -> Relation? {
    if one.shape == two.shape {
      if let source = one.source, source === two.source { return .same }
      return hasEqualBits(one.scalars[...], two.scalars[...]) ? .same : nil
    }
    guard let axis = doubledAxis(one.shape, two.shape) else { return nil }
    let run = Place(axis: axis, block: one.shape[axis]).run(in: one.shape)
    guard run > 0 else { return nil }
    for start in stride(from: 0, to: one.scalars.count, by: run) {
      let entry = one.scalars[start..<start + run]
      for image in 0..<2 {
        let other = 2 * start + image * run
        guard hasEqualBits(entry, two.scalars[other..<other + run]) else { return nil }
      }
    }
    return .images(run: run)
  }

  private static func hasEqualBits(_ left: ArraySlice<Float>, _ right: ArraySlice<Float>) -> Bool {
    left.withUnsafeBytes { left in
      right.withUnsafeBytes { right in
        guard left.count == right.count, let here = left.baseAddress, let there = right.baseAddress else {
          return left.count == right.count
        }
        // Most are the file's, which are there once for both graphs.
        return here == there || memcmp(here, there, left.count) == 0
      }
    }
  }

  /// The one axis that is twice as long, where all others are as they were.
  fileprivate static func doubledAxis(_ one: Shape, _ two: Shape) -> Int? {
    guard one.rank == two.rank else { return nil }
    let differing = (0..<one.rank).filter { one[$0] != two[$0] }
    guard differing.count == 1, two[differing[0]] == 2 * one[differing[0]] else { return nil }
    return differing[0]
  }

  // MARK: Rules

  private static func relation(
    _ operation: any Operator, _ other: any Operator, _ operands: [Operand], _ shape: Shape, _ otherShape: Shape
  ) -> Relation? {
    if operation.isView {
      let known = operands[0].relation
      return known == .same && shape != otherShape ? nil : known
    }
    if operation is Broadcast { return broadcast(operands[0], shape, otherShape) }
    if operands.allSatisfy({ $0.relation == .same }) {
      return isEqual(operation, other) && shape == otherShape ? .same : nil
    }
    guard let place = place(operation, other, operands, shape), Place(place.run(in: shape), shape, otherShape) == place
    else { return nil }
    return .images(run: place.run(in: shape))
  }

  private static func isEqual(_ left: any Operator, _ right: any Operator) -> Bool {
    AnyHashable(left) == AnyHashable(right)
  }

  /// Where the images of an operator's output lie, nil where that is not known.
  /// - Parameter output: the shape of one image's.
  private static func place(
    _ operation: any Operator, _ other: any Operator, _ operands: [Operand], _ output: Shape
  ) -> Place? {
    guard operands.allSatisfy({ $0.relation == .same || $0.place != nil }) else { return nil }
    if let slice = operation as? Slice, let other = other as? Slice, let place = operands[0].place {
      return takesAll(slice, place, operands[0].shape) && takesAll(other, place, operands[0].other)
        && slice.starts == other.starts && slice.steps == other.steps ? place : nil
    }
    guard isEqual(operation, other) else { return nil }
    if operation is any ScalarOperator { return alignedPlace(operands, output) }
    guard let place = operands[0].place else { return nil }
    let others = operands.dropFirst()
    let keepsImages =
      switch operation {
      case is MatrixProduct: isRow(place, operands)
      case is Conv2D: place.axis == 0 && others.allSatisfy { $0.relation == .same }
      case is ChannelAffine: place.axis != 1 && others.allSatisfy { $0.relation == .same }
      case let joined as Concatenate: joined.axis != place.axis && others.allSatisfy { $0.place == place }
      case is AveragePool2D, is MaxPool2D: place.axis < 2
      case is any RowOperator: place.axis != output.rank - 1
      case let sum as Sum: !sum.axes.contains(place.axis)
      case let maximum as Maximum: !maximum.axes.contains(place.axis)
      case let take as Take: take.axis != place.axis
      case let pad as Pad: pad.low[place.axis] == 0 && pad.high[place.axis] == 0 && pad.interior[place.axis] == 0
      default: false
      }
    if keepsImages { return place }
    guard let transpose = operation as? Transpose, let axis = transpose.permutation.firstIndex(of: place.axis) else {
      return nil
    }
    return Place(axis: axis, block: place.block)
  }

  /// Whether a slice takes the images' axis as it is.
  private static func takesAll(_ slice: Slice, _ place: Place, _ shape: Shape) -> Bool {
    slice.starts[place.axis] == 0 && slice.steps[place.axis] == 1 && slice.counts[place.axis] == shape[place.axis]
  }

  /// Operands of a formula, aligned at their last axes: all that are made of the images have them in the same place, and the others are
  /// the same along it.
  private static func alignedPlace(_ operands: [Operand], _ output: Shape) -> Place? {
    var common: Place?
    for operand in operands {
      guard var place = operand.place else { continue }
      place.axis += output.rank - operand.shape.rank
      guard common == nil || common == place else { return nil }
      common = place
    }
    guard let common else { return nil }
    let areTheSame = operands.allSatisfy { operand in
      let axis = common.axis - (output.rank - operand.shape.rank)
      return operand.place != nil || axis < 0 || operand.shape[axis] == 1
    }
    return areTheSame ? common : nil
  }

  /// Whether the images are rows, or matrices, of a product.
  private static func isRow(_ place: Place, _ operands: [Operand]) -> Bool {
    let rank = operands[0].shape.rank
    guard let right = operands[1].place else { return place.axis < rank - 1 }
    // One matrix for all rows would be made of all images.
    return operands[1].shape.rank == rank && right == place && place.axis < rank - 2
  }

  /// A value repeated along the images' axis is there for each of them.
  private static func broadcast(_ operand: Operand, _ shape: Shape, _ otherShape: Shape) -> Relation? {
    let axis = doubledAxis(shape, otherShape)
    guard case .images = operand.relation else {
      guard let axis else { return shape == otherShape ? .same : nil }
      return .images(run: Place(axis: axis, block: shape[axis]).run(in: shape))
    }
    guard let place = operand.place, let axis, axis == place.axis + shape.rank - operand.shape.rank,
      shape[axis] == operand.shape[place.axis]
    else { return nil }
    return .images(run: Place(axis: axis, block: place.block).run(in: shape))
  }
}
