import Checkpoints
import Graph
import Tensor

/// Walks the nodes of an ONNX graph and appends ours.
struct GraphImporter {
  /// Calls of functions within functions.
  private static let deepestCall = 32

  var graph: Graph
  let model: ONNXModel
  let constants: ONNXConstants
  var known: [String: Tensor] = [:]
  var rebatching: Rebatching?

  /// The values that nodes can read by name.
  private struct Scope {
    var values: [String: ImportedValue]
    /// The graphs whose constants are visible, the innermost last.
    var owners: [(graph: ONNXGraph, isModel: Bool)]
    var opset: Int
    var depth: Int
  }

  private var budget: ImportBudget

  /// - Parameters:
  ///   - images: of the batch.
  ///   - elements: of one image.
  init(_ graph: Graph, _ model: ONNXModel, _ constants: ONNXConstants, images: Int = 1, elements: Int = 0) {
    self.graph = graph
    // The reader has limited the sum.
    budget = ImportBudget(
      images: images, elements: elements, stored: model.graph.initializers.values.reduce(0) { $0 + $1.elementCount })
    self.model = model
    self.constants = constants
  }

  /// - Returns: the values of the graph's outputs.
  /// - Throws: `ONNXImportError`, `CheckpointError`, naming the node.
  mutating func run(_ inputs: [String: ImportedValue]) throws -> [ImportedValue] {
    guard ONNXOperators.opsets.contains(model.opset) else {
      throw ONNXImportError.opset(file: model.file, opset: model.opset, supported: ONNXOperators.opsets)
    }
    var scope = Scope(values: inputs, owners: [(model.graph, true)], opset: model.opset, depth: 0)
    for node in model.graph.nodes { try run(node, &scope) }
    return try model.graph.outputs.map { try output($0.name, &scope) }
  }

  private mutating func output(_ name: String, _ scope: inout Scope) throws -> ImportedValue {
    guard let value = try lookup(name, &scope) else {
      throw ONNXImportError.missingOutput(file: model.file, value: name)
    }
    return value
  }

  private mutating func lookup(_ name: String, _ scope: inout Scope) throws -> ImportedValue? {
    if let known = scope.values[name] { return known }
    for owner in scope.owners.reversed() {
      guard let tensor = owner.graph.initializers[name] else { continue }
      let value =
        owner.isModel
        ? try constants.value(tensor, named: name, &graph)
        : try ImportedValue(tensor, file: model.file, &graph)
      scope.values[name] = value
      return value
    }
    return nil
  }

  private mutating func run(_ node: ONNXNode, _ scope: inout Scope) throws {
    var context = NodeContext(node: node, opset: scope.opset, file: model.file, inputs: [])
    var inputs: [ImportedValue?] = []
    for name in node.inputs {
      if name.isEmpty {
        inputs.append(nil)
      } else if let value = try lookup(name, &scope) {
        inputs.append(value)
      } else {
        throw ONNXImportError.missingValue(context.name, value: name)
      }
    }
    context = NodeContext(
      node: node, opset: scope.opset, file: model.file, inputs: inputs, known: known, rebatching: rebatching)
    let outputs: [ImportedValue]
    do { outputs = try evaluate(context, scope) } catch let error as GraphError {
      throw context.failure("\(error)")
    }
    try budget.charge(context, outputs, graph)
    for (name, value) in zip(node.outputs, outputs) where !name.isEmpty { scope.values[name] = value }
  }

  private mutating func evaluate(_ node: NodeContext, _ scope: Scope) throws -> [ImportedValue] {
    let key = ONNXFunction.Key(
      domain: node.node.domain, name: node.node.operation, overload: node.node.overload)
    if let function = model.functions[key] { return try call(function, node, scope) }
    guard let operation = ONNXOperators.named(node.node.operation, domain: node.node.domain) else {
      if node.node.domain.isEmpty, node.node.operation == "If" { return try branch(node, scope) }
      throw ONNXImportError.unknownOperator(node.name, domain: node.node.domain)
    }
    guard operation.opsets.contains(node.opset) else {
      throw ONNXImportError.operatorVersion(node.name, supported: operation.opsets)
    }
    if let exact = try operation.exact(node) { return exact }
    return try operation.build(node, &graph)
  }

  /// A function of the file: its body with the caller's values and attributes.
  private mutating func call(
    _ function: ONNXFunction, _ node: NodeContext, _ scope: Scope
  ) throws -> [ImportedValue] {
    guard scope.depth < Self.deepestCall else {
      throw ONNXImportError.nested(file: model.file, function: node.node.operation, limit: Self.deepestCall)
    }
    var inner = Scope(values: [:], owners: [], opset: function.opset ?? scope.opset, depth: scope.depth + 1)
    for (name, value) in zip(function.inputs, node.inputs) { inner.values[name] = value }
    let given = function.defaults.merging(node.node.attributes) { $1 }
    // An input that the caller leaves out is absent in the body as well.
    let absent = Set(function.inputs.filter { inner.values[$0] == nil })
    for body in function.nodes { try run(body.resolved(given, without: absent), &inner) }
    return try function.outputs.map { try output($0, &inner) }
  }

  /// `If` with a condition that is known when the graph is built, as exporters write for optional axes.
  private mutating func branch(_ node: NodeContext, _ scope: Scope) throws -> [ImportedValue] {
    guard scope.depth < Self.deepestCall else {
      throw ONNXImportError.nested(file: model.file, function: node.node.operation, limit: Self.deepestCall)
    }
    let condition = try node.floats(0, graph)
    guard condition.count == 1 else { throw node.failure("its condition has \(condition.count) elements, expected 1") }
    let name = condition[0] != 0 ? "then_branch" : "else_branch"
    guard case .graph(let body)? = node.node.attributes[name] else {
      throw node.failure("its attribute `\(name)` is missing, expected a graph")
    }
    var inner = scope
    inner.depth += 1
    inner.owners.append((body, false))
    for node in body.nodes { try run(node, &inner) }
    return try body.outputs.map { try output($0.name, &inner) }
  }
}

extension ONNXNode {
  /// A node of a function's body with the caller's attributes put in.
  fileprivate func resolved(_ given: [String: ONNXAttribute], without absent: Set<String>) -> ONNXNode {
    var attributes = attributes
    for (name, source) in references { attributes[name] = given[source] }
    return ONNXNode(
      name: name, operation: operation, domain: domain, overload: overload,
      inputs: inputs.map { absent.contains($0) ? "" : $0 }, outputs: outputs, attributes: attributes)
  }
}
