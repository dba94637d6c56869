import Checkpoints
import Graph
import Tensor

/// One node while it is imported: its inputs, its attributes, and the errors that name it.
struct NodeContext {
  let node: ONNXNode
  let opset: Int
  let file: String
  let inputs: [ImportedValue?]
  /// Values of the graph's inputs where they are known: outside of classifiers, in tests of single operators.
  var known: [String: Tensor] = [:]
  /// Where the batch of the exported graph is fixed, and another one is wanted.
  var rebatching: Rebatching?

  var name: ONNXImportError.NodeName {
    ONNXImportError.NodeName(file: file, name: node.name, operation: node.operation, opset: opset)
  }

  func failure(_ reason: String) -> ONNXImportError { .node(name, reason: reason) }

  /// How many outputs the file names, without absent ones at the end.
  var outputCount: Int { node.outputs.lastIndex { !$0.isEmpty }.map { $0 + 1 } ?? 0 }

  // MARK: Inputs

  func has(_ index: Int) -> Bool { optional(index) != nil }

  func optional(_ index: Int) -> ImportedValue? { index < inputs.count ? inputs[index] : nil }

  func input(_ index: Int) throws -> ImportedValue {
    guard let input = optional(index) else { throw failure("its input \(index) is absent") }
    return input
  }

  func value(_ index: Int, _ graph: inout Graph) throws -> Graph.Value { try input(index).value(in: &graph) }

  func optionalValue(_ index: Int, _ graph: inout Graph) -> Graph.Value? { optional(index)?.value(in: &graph) }

  func shape(_ index: Int, _ graph: Graph) throws -> Shape { try input(index).shape(in: graph) }

  /// The numbers of an input that must not depend on the images.
  func floats(_ index: Int, _ graph: Graph) throws -> [Float] {
    switch try input(index) {
    case .integers(let tensor): return tensor.values.map { Float($0) }
    case .graph(let value, _):
      if let constant = graph.constantTensor(value) { return constant.scalars }
      guard graph.isKnown(value, given: known) else {
        throw failure("its input `\(node.inputs[index])` depends on the images; only a constant is supported there")
      }
      return try graph.evaluate([value], inputs: known, on: Engine.host)[0].scalars
    }
  }

  func optionalFloat(_ index: Int, _ graph: Graph) throws -> Float? {
    guard has(index) else { return nil }
    let values = try floats(index, graph)
    guard values.count == 1 else { throw failure("its input \(index) has \(values.count) elements, expected 1") }
    return values[0]
  }

  func integers(_ index: Int, _ graph: Graph) throws -> [Int] {
    if case .integers(let tensor) = try input(index) { return tensor.values }
    return try floats(index, graph).map { try integer($0) }
  }

  func optionalIntegers(_ index: Int, _ graph: Graph) throws -> [Int]? {
    has(index) ? try integers(index, graph) : nil
  }

  func integer(_ number: Float) throws -> Int {
    guard let exact = Int(exactly: number.rounded(.towardZero)) else {
      throw failure("\(number) is not a 64-bit integer")
    }
    return exact
  }

  // MARK: Attributes

  func int(_ name: String) throws -> Int? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .int(let value) = attribute else { throw wrongType(name, "an integer") }
    return value
  }

  func int(_ name: String, _ standard: Int) throws -> Int { try int(name) ?? standard }

  func flag(_ name: String, _ standard: Bool = false) throws -> Bool { try int(name, standard ? 1 : 0) != 0 }

  func float(_ name: String) throws -> Float? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .float(let value) = attribute else { throw wrongType(name, "a number") }
    return value
  }

  func float(_ name: String, _ standard: Float) throws -> Float { try float(name) ?? standard }

  func ints(_ name: String) throws -> [Int]? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .ints(let values) = attribute else { throw wrongType(name, "integers") }
    return values
  }

  func floats(_ name: String) throws -> [Float]? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .floats(let values) = attribute else { throw wrongType(name, "numbers") }
    return values
  }

  func string(_ name: String, _ standard: String) throws -> String {
    guard let attribute = node.attributes[name] else { return standard }
    guard case .string(let value) = attribute else { throw wrongType(name, "a string") }
    return value
  }

  private func wrongType(_ name: String, _ expected: String) -> ONNXImportError {
    failure("its attribute `\(name)` is of another type, expected \(expected)")
  }

  // MARK: Axes

  /// An axis counted from either end.
  func axis(_ axis: Int, rank: Int) throws -> Int {
    guard axis >= -rank, axis < rank else {
      throw failure("there is no axis \(axis) in a tensor of \(rank) axes")
    }
    return axis < 0 ? axis + rank : axis
  }

  /// Axes counted from either end, ascending, each once.
  func axes(_ list: [Int], rank: Int) throws -> [Int] {
    let axes = try list.map { try axis($0, rank: rank) }.sorted()
    guard Set(axes).count == axes.count else { throw failure("the axes \(list) name one twice") }
    return axes
  }

  /// Axes that are an attribute in older opsets and input 1 in newer ones.
  func axes(_ graph: Graph, input index: Int = 1, since opset: Int) throws -> [Int]? {
    self.opset >= opset ? try optionalIntegers(index, graph) : try ints("axes")
  }

  /// As many as NumPy's arrays have.
  private static let mostAxes = 64

  /// Extents that come from the file. What no graph can hold is refused here, so that whatever is computed from them, and
  /// allocated for them, stays small enough.
  func checkedShape(_ extents: [Int]) throws -> Shape {
    guard extents.count <= Self.mostAxes else { throw failure("makes a tensor of \(extents.count) axes") }
    guard let shape = Shape(checking: extents), shape.isExecutable else {
      throw failure("\(extents) are not the extents of a tensor")
    }
    return shape
  }
}

extension Graph {
  /// Whether a value depends on nothing but constants and the given inputs.
  func isKnown(_ value: Value, given names: [String: Tensor]) -> Bool {
    var pending = [value]
    var seen: Set<Value> = []
    while let next = pending.popLast() {
      guard seen.insert(next).inserted else { continue }
      if case .input(let name) = self[next].source, names[name] == nil { return false }
      pending.append(contentsOf: self[next].inputs)
    }
    return true
  }
}
