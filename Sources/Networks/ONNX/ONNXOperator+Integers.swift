import Graph
import Tensor

extension ONNXOperator {
  /// The result where it follows exactly from integers that are known; nil where the graph is to compute it.
  func exact(_ node: NodeContext) throws -> [ImportedValue]? {
    switch integers {
    case .none: return nil
    case .computes(let compute):
      var tensors: [IntegerTensor] = []
      for input in node.inputs {
        guard case .integers(let tensor)? = input else { return nil }
        tensors.append(tensor)
      }
      guard !tensors.isEmpty else { return nil }
      return try compute(node, tensors).map { [.integers($0)] }
    case .moves(let data):
      return try moved(node, data ?? Array(node.inputs.indices))
    }
  }

  /// Runs the operator on the positions of the elements instead of the elements.
  private func moved(_ node: NodeContext, _ data: [Int]) throws -> [ImportedValue]? {
    var graph = Graph()
    var inputs = node.inputs
    // What says where to (indices, extents) has to be known too: a value of the network's graph is none of this one's.
    for (index, input) in inputs.enumerated() where !data.contains(index) {
      if case .graph? = input { return nil }
    }
    // Place 0 stands for what operators put beside the elements: the zeros of a padding.
    var pool = [0]
    var kind = ElementKind.integer
    for index in data {
      guard let input = node.optional(index) else { continue }
      guard case .integers(let tensor) = input else { return nil }
      // Positions are exact in float32 up to here.
      guard pool.count + tensor.values.count < 1 << 24 else {
        throw node.failure("moves more than \(1 << 24) integers")
      }
      let positions = (pool.count..<pool.count + tensor.values.count).map { Float($0) }
      inputs[index] = .real(graph.constant(Tensor(shape: tensor.shape, scalars: positions)))
      pool += tensor.values
      kind = tensor.kind
    }
    let context = NodeContext(
      node: node.node, opset: node.opset, file: node.file, inputs: inputs, known: node.known,
      rebatching: node.rebatching)
    return try build(context, &graph).map { output in
      guard case .graph(let value, _) = output else { return output }
      let positions = try graph.evaluate([value], inputs: [:], on: Engine.host)[0]
      let values = try positions.scalars.map { position in
        guard let place = Int(exactly: position), pool.indices.contains(place) else {
          throw node.failure("puts the number \(position) among integers")
        }
        return pool[place]
      }
      return .integers(IntegerTensor(shape: positions.shape, values: values, kind: kind))
    }
  }
}
