import Tensor

extension Graph {
  /// Joins `activation(layer + bias + residual)`, and group normalisation with what follows it, into one node where nothing else
  /// reads the values between.
  func fused(_ outputs: [Value]) throws(GraphError) -> (graph: Graph, outputs: [Value]) {
    let uses = useCounts(outputs)
    var result = Graph()
    var map: [Value] = []
    // For every new value, how many nodes read it.
    var counts: [Int] = []
    for value in values {
      let node = self[value]
      var replacement: Value?
      if case .apply(let operation, let inputs) = node.source {
        let operands = inputs.map { map[$0.index] }
        replacement = try result.fusedForm(operation, operands, shape: node.shape) { counts[$0.index] == 1 }
        if replacement == nil {
          replacement = try result.fusedNormalisation(operation, operands, shape: node.shape) { counts[$0.index] }
        }
        if replacement == nil {
          replacement = try result.fusedStandardise(operation, operands) { counts[$0.index] == 1 }
        }
      }
      let new = replacement ?? result.copy(node) { map[$0.index] }
      while counts.count <= new.index { counts.append(0) }
      counts[new.index] = uses[value.index]
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
      return try fusedSum(operands, shape: shape, isSingleUse: isSingleUse)
    case let relu as ReLU: return try activated(operands[0], .relu(relu), isSingleUse: isSingleUse)
    case let clip as Clip: return try activated(operands[0], .clip(clip), isSingleUse: isSingleUse)
    case is SiLU: return try activated(operands[0], .silu, isSingleUse: isSingleUse)
    case let gelu as GELU where !gelu.tanhApproximation:
      return try activated(operands[0], .gelu, isSingleUse: isSingleUse)
    case let gate as Gate:
      if isSingleUse(operands[0]), let channels = channels(operands[0]), channels.activation == .none,
        self.shape(of: operands[0]) == shape, self.shape(of: operands[1]) == shape
      {
        return try apply(channels.fused(activation: .gate(gate)), channels.inputs + [operands[1]])
      }
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

  /// The activation joined to the operations per channel or to the layer before it.
  private mutating func activated(
    _ value: Value, _ activation: FusedLayer.Activation, isSingleUse: (Value) -> Bool
  ) throws(GraphError) -> Value? {
    guard isSingleUse(value) else { return nil }
    if let channels = channels(value) ?? foldedNormalisation(value, isSingleUse: isSingleUse),
      channels.activation == .none
    {
      return try apply(channels.fused(activation: activation), channels.inputs)
    }
    guard let layer = fusible(value), layer.fused.activation == .none else { return nil }
    var fused = layer.fused
    fused.activation = activation
    return try apply(fused, layer.inputs)
  }

  /// The node as a layer that can take (more of) an epilogue.
  private func fusible(_ value: Value) -> (fused: FusedLayer, inputs: [Value])? {
    guard case .apply(let operation, let inputs) = self[value].source else { return nil }
    switch operation {
    case let fused as FusedLayer: return (fused, inputs)
    case let conv as Conv2D: return (FusedLayer(layer: .conv2d(conv)), inputs)
    case let conv as Conv2DInputGradient: return (FusedLayer(layer: .conv2dInputGradient(conv)), inputs)
    // Pairs of matrices are products of their own.
    case let product as MatrixProduct where shape(of: inputs[1]).rank == 2:
      return (FusedLayer(layer: .matrixProduct(product)), inputs)
    default: return nil
    }
  }

  // MARK: Rows

  /// Layer normalisation: the scale and the shift joined to it, and the scale to its derivative.
  private mutating func fusedStandardise(
    _ operation: any Operator, _ operands: [Value], isSingleUse: (Value) -> Bool
  ) throws(GraphError) -> Value? {
    /// The one operand of an operation that nothing else reads, and a row of numbers beside it.
    func operand<Found: Operator>(_: Found.Type, of operands: [Value]) -> (Found, inputs: [Value], row: Value)? {
      for (value, row) in [(operands[0], operands[1]), (operands[1], operands[0])] {
        if isSingleUse(value), FusedStandardise.isRow(shape(of: row), of: shape(of: value)),
          case .apply(let found as Found, let inputs) = self[value].source
        {
          return (found, inputs, row)
        }
      }
      return nil
    }
    switch operation {
    case is Multiply:
      guard let (plain, inputs, scale) = operand(Standardise.self, of: operands) else { return nil }
      return try apply(FusedStandardise(epsilon: plain.epsilon), inputs + [scale])
    case is Add:
      guard case (var fused, var inputs, let shift)? = operand(FusedStandardise.self, of: operands), !fused.hasShift
      else {
        return nil
      }
      fused.hasShift = true
      inputs.append(shift)
      return try apply(fused, inputs)
    case let gradient as StandardiseGradient:
      guard isSingleUse(operands[1]), case .apply(is Multiply, let factors) = self[operands[1]].source else {
        return nil
      }
      for (signal, scale) in [(factors[0], factors[1]), (factors[1], factors[0])]
      where shape(of: signal) == shape(of: operands[0])
        && FusedStandardise.isRow(shape(of: scale), of: shape(of: operands[0]))
      {
        return try apply(FusedStandardiseGradient(epsilon: gradient.epsilon), [operands[0], signal, scale])
      }
      return nil
    default:
      return nil
    }
  }

  // MARK: Channels

  /// Operations per channel, taken apart so that more can be joined to them.
  private struct Channels {
    var terms: [(term: FusedChannels.Term, inputs: [Value])]
    var shift: Value?
    var activation = FusedLayer.Activation.none

    var inputs: [Value] { terms.flatMap(\.inputs) + [shift].compactMap { $0 } }

    func fused(activation: FusedLayer.Activation) -> FusedChannels {
      FusedChannels(terms: terms.map(\.term), hasShift: shift != nil, activation: activation)
    }
  }

  private func channels(_ value: Value) -> Channels? {
    guard case .apply(let operation, var inputs) = self[value].source else { return nil }
    switch operation {
    case let affine as ChannelAffine:
      let shift = affine.hasShift ? inputs.removeLast() : nil
      return Channels(
        terms: [(FusedChannels.Term(hasScale: true, hasMean: affine.hasMean), inputs)], shift: shift)
    case let fused as FusedChannels:
      guard fused.activation == .none else { return nil }
      var terms: [(FusedChannels.Term, [Value])] = []
      for term in fused.terms {
        terms.append((term, Array(inputs.prefix(term.inputCount))))
        inputs.removeFirst(term.inputCount)
      }
      return Channels(terms: terms, shift: inputs.first)
    default: return nil
    }
  }

  /// scale x + shift with constants per channel: batch normalisation that could not be folded into a layer before it, because
  /// there is none (`batchNorm`), as before the activations of DenseNet.
  private mutating func foldedNormalisation(
    _ value: Value, isSingleUse: (Value) -> Bool
  ) -> Channels? {
    let shape = shape(of: value)
    func column(_ value: Value) -> Tensor? {
      guard let tensor = constantTensor(value), shape.rank >= 2, tensor.shape.count == shape[1],
        tensor.shape.rank >= shape.rank - 1,
        tensor.shape.dimensions.suffix(shape.rank - 1) == [shape[1]] + [Int](repeating: 1, count: shape.rank - 2)
      else { return nil }
      return Tensor(shape: [shape[1]], scalars: tensor.scalars)
    }
    guard case .apply(is Add, let terms) = self[value].source, let shift = column(terms[1]), isSingleUse(terms[0]),
      case .apply(is Multiply, let factors) = self[terms[0]].source, let scale = column(factors[1]),
      self.shape(of: factors[0]) == shape
    else { return nil }
    let (scaleValue, shiftValue) = (constant(scale), constant(shift))
    return Channels(terms: [(FusedChannels.Term(hasScale: true), [factors[0], scaleValue])], shift: shiftValue)
  }

  /// a + b where one of them, or both, are operations per channel.
  private mutating func fusedSum(
    _ operands: [Value], shape: Shape, isSingleUse: (Value) -> Bool
  ) throws(GraphError) -> Value? {
    guard operands[0] != operands[1], operands.allSatisfy({ self.shape(of: $0) == shape }) else { return nil }
    func part(_ value: Value) -> Channels? { isSingleUse(value) ? channels(value) : nil }
    let (left, right) = (part(operands[0]), part(operands[1]))
    if let left, let right, left.terms.count + right.terms.count <= 2, left.shift == nil || right.shift == nil {
      let joined = Channels(terms: left.terms + right.terms, shift: left.shift ?? right.shift)
      return try apply(joined.fused(activation: .none), joined.inputs)
    }
    for (channels, other) in [(left, operands[1]), (right, operands[0])] {
      guard var channels, channels.terms.count == 1 else { continue }
      channels.terms.append((FusedChannels.Term(), [other]))
      return try apply(channels.fused(activation: .none), channels.inputs)
    }
    return nil
  }
}
