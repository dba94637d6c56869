import Tensor

extension Graph {
  /// The same computation of `outputs` with less work: constants folded, batch normalisation folded into the layer before
  /// it, equal nodes shared, dead ones dropped, and, where the backend can use it, bias, residual and activation fused into
  /// their layer.
  ///
  /// Differentiate first: fused operators have no derivative rules.
  /// - Parameter backend: computes constants.
  func optimised(
    for outputs: [Value], on backend: some Backend
  ) throws(GraphError) -> (graph: Graph, outputs: [Value]) {
    var (graph, values) = (self, outputs)
    (graph, values) = graph.withoutDeadNodes(values)
    (graph, values) = try graph.simplified(values, on: backend)
    (graph, values) = graph.withoutDeadNodes(values)
    if backend.fusesLayers { (graph, values) = try graph.fused(values) }
    return graph.withoutDeadNodes(values)
  }

  /// Folds constants, and batch normalisation into the layer before it; done before differentiating, so that gradients use
  /// the folded weights too.
  /// - Parameter backend: computes constants.
  package func folded(
    for outputs: [Value], on backend: some Backend
  ) throws(GraphError) -> (graph: Graph, outputs: [Value]) {
    let (graph, values) = try simplified(outputs, on: backend)
    return graph.withoutDeadNodes(values)
  }

  /// How many nodes, and outputs, read each value.
  func useCounts(_ outputs: [Value]) -> [Int] {
    var uses = [Int](repeating: 0, count: nodes.count)
    for node in nodes { for input in node.inputs { uses[input.index] += 1 } }
    for output in outputs { uses[output.index] += 1 }
    return uses
  }

  func withoutDeadNodes(_ outputs: [Value]) -> (graph: Graph, outputs: [Value]) {
    var isLive = [Bool](repeating: false, count: nodes.count)
    for output in outputs { isLive[output.index] = true }
    for index in nodes.indices.reversed() where isLive[index] {
      for input in nodes[index].inputs { isLive[input.index] = true }
    }
    var result = Graph()
    var map: [Int: Value] = [:]
    for index in nodes.indices where isLive[index] {
      map[index] = result.copy(nodes[index]) { map[$0.index] }
    }
    return (result, outputs.compactMap { map[$0.index] })
  }

  /// Appends a node of another graph whose shape is already known.
  mutating func copy(_ node: Node, _ map: (Value) -> Value?) -> Value {
    switch node.source {
    case .input(let name): return input(name, node.shape)
    case .constant(let tensor): return constant(tensor)
    case .apply(let operation, let inputs):
      return append(Node(source: .apply(operation, inputs: inputs.compactMap(map)), shape: node.shape))
    }
  }
}
