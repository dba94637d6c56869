import Tensor

extension Graph {
  /// Joins `activation(layer + bias + residual)` into one node where nothing else reads the values between.
  func fused(_ outputs: [Value]) throws(GraphError) -> (graph: Graph, outputs: [Value]) {
    let uses = useCounts(outputs)
    var result = Graph()
    var map: [Value] = []
    // For every new value, whether one node only reads it.
    var isSingleUse: [Bool] = []
    for value in values {
      let node = self[value]
      var replacement: Value?
      if case .apply(let operation, let inputs) = node.source {
        let operands = inputs.map { map[$0.index] }
        replacement = try result.fusedForm(operation, operands, shape: node.shape) { isSingleUse[$0.index] }
      }
      let new = replacement ?? result.copy(node) { map[$0.index] }
      while isSingleUse.count <= new.index { isSingleUse.append(false) }
      isSingleUse[new.index] = uses[value.index] == 1
      map.append(new)
    }
    return (result, outputs.map { map[$0.index] })
  }

  private mutating func fusedForm(
    _ operation: any Operator, _ operands: [Value], shape: Shape, isSingleUse: (Value) -> Bool
  ) throws(GraphError) -> Value? {
    switch operation {
    case is Add:
      for (layer, term) in [(operands[0], operands[1]), (operands[1], operands[0])] where isSingleUse(layer) {
        guard var (fused, inputs) = fusible(layer), fused.activation == .none, self.shape(of: layer) == shape else {
          continue
        }
        let termShape = self.shape(of: term)
        if fused.bias == false, fused.isBias(termShape, output: shape) {
          fused.bias = true
          inputs.insert(term, at: 2)
        } else if fused.residual == false, termShape == shape {
          fused.residual = true
          inputs.append(term)
        } else {
          continue
        }
        return try apply(fused, inputs)
      }
      return nil
    case let relu as ReLU:
      guard isSingleUse(operands[0]), let layer = fusible(operands[0]), layer.fused.activation == .none else {
        return nil
      }
      var fused = layer.fused
      fused.activation = .relu(relu)
      return try apply(fused, layer.inputs)
    case let gate as Gate:
      guard isSingleUse(operands[0]), let layer = fusible(operands[0]), layer.fused.activation == .none,
        self.shape(of: operands[0]) == shape, self.shape(of: operands[1]) == shape
      else { return nil }
      var fused = layer.fused
      fused.activation = .gate(gate)
      return try apply(fused, layer.inputs + [operands[1]])
    default:
      return nil
    }
  }

  /// The node as a layer that can take (more of) an epilogue.
  private func fusible(_ value: Value) -> (fused: FusedLayer, inputs: [Value])? {
    guard case .apply(let operation, let inputs) = self[value].source else { return nil }
    switch operation {
    case let fused as FusedLayer: return (fused, inputs)
    case let conv as Conv2D: return (FusedLayer(layer: .conv2d(conv)), inputs)
    case let conv as Conv2DInputGradient: return (FusedLayer(layer: .conv2dInputGradient(conv)), inputs)
    case let product as MatrixProduct where shape(of: value).rank == 2:
      return (FusedLayer(layer: .matrixProduct(product)), inputs)
    default: return nil
    }
  }
}
