import Tensor

/// A graph made ready for a backend: optimised, ordered, and with its memory and layouts planned once.
///
/// Execution has two stages. Nodes that depend on a *late* input form the second, which may run several times after one
/// run of the first: one forward pass, then a backward pass per cotangent.
package struct ExecutablePlan: Sendable {
  /// The optimised graph, whose values all others mean.
  package let graph: Graph
  package let outputs: [Graph.Value]
  package let memory: MemoryPlan
  package let layouts: LayoutPlan
  /// The operators to be computed, in this order, those of the first stage before those of the second. Views are not among
  /// them.
  package let order: [Graph.Value]
  /// What the backend computes each operator of `order` with.
  package let kernels: [Graph.Value: any OperatorKernel]
  /// How many of `order` belong to the first stage.
  package let firstStageCount: Int
  /// Where each input that the optimised graph needs lies in the arena, in floats.
  package let inputs: [String: (offset: Int, shape: Shape)]
  package let inputNames: [String]
  /// Inputs of the graph that the optimised one does not need: whoever sets one of them sets nothing.
  package let unneededInputs: Set<String>
  package let outputShapes: [Shape]

  /// - Parameters:
  ///   - lateInputs: names of the inputs that the second stage depends on.
  ///   - backend: asked for kernels, and for the values of constants.
  /// - Throws: `GraphError.duplicateInput`, `GraphError.tooLarge` for an input too large, what the backend throws,
  ///   `unsupported` among it.
  package init(
    _ graph: Graph, outputs: [Graph.Value], lateInputs: Set<String> = [], precision: Precision = .fast,
    for backend: some Backend
  ) throws(GraphError) {
    let names = try Self.checkedInputs(of: graph)
    let (graph, outputs) = try graph.withPrecision(precision).optimised(for: outputs, on: backend)
    let memory = MemoryPlan(graph, outputs: outputs, lateInputs: lateInputs)
    self.graph = graph
    self.outputs = outputs
    self.memory = memory
    let kernels = try graph.kernels(on: backend)
    layouts = LayoutPlan(graph, outputs: outputs) { kernels[$0]?.layoutSupport ?? LayoutSupport() }
    order = memory.order.filter { !graph.isView($0) }
    self.kernels = kernels
    firstStageCount = order.prefix { !memory.isLate($0) }.count
    var inputs: [String: (offset: Int, shape: Shape)] = [:]
    for value in graph.values {
      guard case .input(let name) = graph[value].source else { continue }
      inputs[name] = (memory.offset(of: value), graph.shape(of: value))
    }
    self.inputs = inputs
    inputNames = inputs.keys.sorted()
    unneededInputs = names.subtracting(inputNames)
    outputShapes = outputs.map { graph.shape(of: $0) }
  }

  /// The names of a graph's inputs.
  private static func checkedInputs(of graph: Graph) throws(GraphError) -> Set<String> {
    var names: Set<String> = []
    for node in graph.nodes {
      guard case .input(let name) = node.source else { continue }
      guard names.insert(name).inserted else { throw .duplicateInput(name: name) }
      guard node.shape.isExecutable else {
        throw .tooLarge(
          what: "the input `\(name)` of shape \(node.shape)", count: node.shape.count, limit: Shape.largestCount)
      }
    }
    return names
  }
}

extension Graph {
  /// - Throws: `GraphError.unsupported`.
  package func kernels(on backend: some Backend) throws(GraphError) -> [Value: any OperatorKernel] {
    var kernels: [Value: any OperatorKernel] = [:]
    for value in values {
      guard case .apply(let operation, let inputs) = self[value].source, !operation.isView else { continue }
      kernels[value] = try backend.kernel(
        of: operation, inputs: inputs.map { shape(of: $0) }, output: shape(of: value))
    }
    return kernels
  }

  /// Whether the value has its input's elements in the same order, and shares its memory.
  package func isView(_ value: Value) -> Bool {
    if case .apply(let operation, _) = self[value].source { operation.isView } else { false }
  }
}
