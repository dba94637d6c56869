import Tensor

extension Graph {
  /// Rewrites in execution order: each node is replaced by the simplest equal value.
  func simplified(
    _ outputs: [Value], on backend: some Backend
  ) throws(GraphError) -> (graph: Graph, outputs: [Value]) {
    var simplifier = Simplifier(uses: useCounts(outputs), backend: backend)
    for value in values { try simplifier.visit(self[value], value) }
    return (simplifier.graph, outputs.map { simplifier.map[$0.index] })
  }
}

private struct Simplifier {
  /// The equal computations met so far.
  struct Key: Hashable {
    let operation: AnyHashable
    let inputs: [Graph.Value]
  }

  var graph = Graph()
  /// Value of the new graph for every value of the old one.
  var map: [Graph.Value] = []
  /// For every value of the new graph, whether only one node reads it.
  private var isSingleUse: [Bool] = []
  private var known: [Key: Graph.Value] = [:]
  private var scalars: [UInt32: Graph.Value] = [:]
  private let uses: [Int]

  private let backend: any Backend

  init(uses: [Int], backend: any Backend) {
    self.uses = uses
    self.backend = backend
  }

  mutating func visit(_ node: Graph.Node, _ value: Graph.Value) throws(GraphError) {
    let result: Graph.Value
    switch node.source {
    case .input(let name): result = graph.input(name, node.shape)
    case .constant(let tensor): result = constant(tensor)
    case .apply(let operation, let inputs): result = try apply(operation, inputs.map { map[$0.index] })
    }
    note(result, singleUse: uses[value.index] <= 1)
    map.append(result)
  }

  /// A value that two old values share is not single-use.
  private mutating func note(_ value: Graph.Value, singleUse: Bool) {
    while isSingleUse.count < value.index { isSingleUse.append(true) }
    if value.index < isSingleUse.count {
      isSingleUse[value.index] = false
    } else {
      isSingleUse.append(singleUse)
    }
  }

  private mutating func constant(_ tensor: Tensor) -> Graph.Value {
    guard tensor.shape.rank == 0 else { return graph.constant(tensor) }
    let bits = tensor.scalars[0].bitPattern
    if let known = scalars[bits] { return known }
    let value = graph.constant(tensor)
    scalars[bits] = value
    return value
  }

  private mutating func apply(_ operation: any Operator, _ inputs: [Graph.Value]) throws(GraphError) -> Graph.Value {
    if let folded = try foldedConstant(operation, inputs) { return folded }
    if let simpler = try simplerForm(operation, inputs) { return simpler }
    let key = Key(operation: AnyHashable(operation), inputs: inputs)
    if let known = known[key] { return known }
    let value = try graph.apply(operation, inputs)
    known[key] = value
    return value
  }

  // MARK: Constants

  /// The value of an operator whose inputs are all constant. Repetition to a large shape stays an operator.
  private mutating func foldedConstant(
    _ operation: any Operator, _ inputs: [Graph.Value]
  ) throws(GraphError) -> Graph.Value? {
    let tensors = inputs.compactMap { graph.constantTensor($0) }
    guard tensors.count == inputs.count else { return nil }
    let shape = try operation.shape(of: tensors.map(\.shape))
    let inputCount = tensors.reduce(0) { $0 + $1.shape.count }
    guard shape.count <= max(2 * inputCount, 1 << 16) else { return nil }
    if let read = derived(operation, tensors, shape) { return graph.constant(read) }
    return constant(try backend.constants.evaluate(operation, tensors))
  }

  /// How a constant that is read when it is asked for is computed of another one.
  private struct Derivation: Hashable, Sendable {
    let operation: any Operator
    let shapes: [Shape]
    /// By their bits, for zeros have signs; nil for the one that is read.
    let operands: [[UInt32]?]

    static func == (left: Derivation, right: Derivation) -> Bool {
      AnyHashable(left.operation) == AnyHashable(right.operation) && left.shapes == right.shapes
        && left.operands == right.operands
    }

    func hash(into hasher: inout Hasher) {
      hasher.combine(AnyHashable(operation))
      hasher.combine(shapes)
      hasher.combine(operands)
    }
  }

  /// Numbers for each channel that weights are scaled by, at most.
  private static let mostFactors = 1 << 16

  /// What weights become on their way to a layer, transposed or scaled by channels. Where they are read when they are asked for, so is this.
  private func derived(_ operation: any Operator, _ tensors: [Tensor], _ shape: Shape) -> Tensor? {
    let read = tensors.filter { $0.source != nil }
    guard operation is Transpose || operation is Multiply, read.count == 1, let source = read[0].source,
      shape.count == read[0].shape.count,
      tensors.allSatisfy({ $0.source != nil || $0.shape.count <= Self.mostFactors })
    else { return nil }
    let derivation = Derivation(
      operation: operation, shapes: tensors.map(\.shape),
      operands: tensors.map { $0.source == nil ? $0.scalars.map(\.bitPattern) : nil })
    let constants = backend.constants
    let made = source.deriving(derivation) {
      // Both move or multiply numbers that are there already, and want no memory but their result's.
      (try? constants.evaluate(operation, tensors).scalars) ?? []
    }
    return made.map { Tensor(shape: shape, source: $0) }
  }

  // MARK: Algebra

  private mutating func simplerForm(
    _ operation: any Operator, _ inputs: [Graph.Value]
  ) throws(GraphError) -> Graph.Value? {
    switch operation {
    case let transpose as Transpose:
      guard case .apply(let inner as Transpose, let operands) = graph[inputs[0]].source else { return nil }
      let permutation = transpose.permutation.map { inner.permutation[$0] }
      if permutation == Array(permutation.indices) { return operands[0] }
      return try apply(Transpose(permutation: permutation), operands)
    case is Reshape:
      guard case .apply(is Reshape, let operands) = graph[inputs[0]].source else { return nil }
      let target = try operation.shape(of: inputs.map { graph.shape(of: $0) })
      return target == graph.shape(of: operands[0]) ? operands[0] : try apply(Reshape(shape: target), operands)
    case is Multiply:
      if let same = unchanged(inputs, by: 1) { return same }
      if let (activation, x) = graph.activation(product: inputs) { return try apply(activation, [x]) }
      if let first = try distributed(inputs[0], factor: inputs[1]) { return first }
      return try distributed(inputs[1], factor: inputs[0])
    case is Divide:
      guard let (standardise, x) = graph.standardisation(quotient: inputs) else { return nil }
      return try apply(standardise, [x])
    case is Add:
      if let same = unchanged(inputs, by: 0) { return same }
      if let first = try joined(inputs[0], constant: inputs[1]) { return first }
      return try joined(inputs[1], constant: inputs[0])
    default:
      return nil
    }
  }

  /// x where one operand is x and the other the operation's neutral element throughout, of no larger shape.
  private func unchanged(_ inputs: [Graph.Value], by neutral: Float) -> Graph.Value? {
    for (value, other) in [(inputs[0], inputs[1]), (inputs[1], inputs[0])] {
      if let tensor = graph.constantTensor(other), tensor.scalars.allSatisfy({ $0 == neutral }),
        Shape(broadcasting: tensor.shape, graph.shape(of: value)) == graph.shape(of: value)
      {
        return value
      }
    }
    return nil
  }

  /// layer(x, W) * c = layer(x, c W), and (y + b) * c = y * c + b c: how batch normalisation folds into the layer before it.
  /// Only where nothing else reads the intermediate value, so that no work is repeated.
  private mutating func distributed(_ value: Graph.Value, factor: Graph.Value) throws(GraphError) -> Graph.Value? {
    guard let factorTensor = graph.constantTensor(factor), value.index < isSingleUse.count, isSingleUse[value.index],
      case .apply(let operation, let operands) = graph[value].source
    else { return nil }
    let channels = factorTensor.shape.count
    switch operation {
    case is Conv2D:
      let shape = graph.shape(of: operands[1])
      guard graph.constantTensor(operands[1]) != nil, channels == shape[0], isChannelColumn(factorTensor.shape, rank: 4)
      else { return nil }
      let scale = try apply(Reshape(shape: [channels, 1, 1, 1]), [factor])
      return try apply(operation, [operands[0], apply(Multiply(), [operands[1], scale])])
    case is MatrixProduct:
      let shape = graph.shape(of: operands[1])
      guard graph.constantTensor(operands[1]) != nil, shape.rank == 2, channels == shape[1],
        factorTensor.shape.dimensions.last == channels, factorTensor.shape.rank <= graph.shape(of: value).rank
      else { return nil }
      let scale = try apply(Reshape(shape: [1, channels]), [factor])
      return try apply(operation, [operands[0], apply(Multiply(), [operands[1], scale])])
    case is Add:
      for (term, other) in [(operands[0], operands[1]), (operands[1], operands[0])]
      where graph.constantTensor(other) != nil {
        guard let scaled = try distributed(term, factor: factor) else { continue }
        return try apply(Add(), [scaled, apply(Multiply(), [other, factor])])
      }
      return nil
    default:
      return nil
    }
  }

  /// (x + a) + b = x + (a + b) for constants.
  private mutating func joined(_ value: Graph.Value, constant: Graph.Value) throws(GraphError) -> Graph.Value? {
    guard graph.constantTensor(constant) != nil, value.index < isSingleUse.count, isSingleUse[value.index],
      case .apply(is Add, let operands) = graph[value].source
    else { return nil }
    for (term, other) in [(operands[0], operands[1]), (operands[1], operands[0])]
    where graph.constantTensor(other) != nil && graph.constantTensor(term) == nil {
      return try apply(Add(), [term, apply(Add(), [other, constant])])
    }
    return nil
  }

  /// `[1, C, 1, 1]` or `[C, 1, 1]`.
  private func isChannelColumn(_ shape: Shape, rank: Int) -> Bool {
    let padded = [Int](repeating: 1, count: max(0, rank - shape.rank)) + shape.dimensions
    return padded.count == rank && padded.enumerated().allSatisfy { $0.offset == 1 || $0.element == 1 }
  }
}
