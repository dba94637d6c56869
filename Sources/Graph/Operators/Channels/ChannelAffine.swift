import Tensor

/// scale (x - mean) + shift on each channel of x `[N, C, ...]`; the other three are `[C]`, mean and shift where present.
///
/// Inputs: x, scale, then mean and shift.
package struct ChannelAffine: Operator {
  package static let name = "channel-affine"

  package var hasMean = false
  package var hasShift = false

  package var isElementwise: Bool { true }

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(2 + (hasMean ? 1 : 0) + (hasShift ? 1 : 0), inputs)
    guard inputs[0].rank >= 2, inputs.dropFirst().allSatisfy({ $0 == [inputs[0][1]] }) else {
      throw mismatch(inputs, "expected [N, C, ...] and one number per channel")
    }
    return inputs[0]
  }

  /// The same with one term and no activation.
  package var general: FusedChannels {
    FusedChannels(terms: [FusedChannels.Term(hasScale: true, hasMean: hasMean)], hasShift: hasShift)
  }

  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    let (x, scale) = (inputs[0], inputs[1])
    let shape = graph.shape(of: x)
    let moments = try graph.channelMoments(gradient, x)
    let total = try graph.row(0, of: moments)
    // sum g (x - mean) = sum (g - its mean) (x - its mean) + sum g (mean of x - mean); in batch normalisation the last factor
    // is zero but for rounding.
    let count = graph.constant(1 / Float(max(1, shape.count / max(1, shape[1]))))
    var distance = try graph.multiply(graph.row(1, of: moments), count)
    if hasMean { distance = try graph.subtract(distance, inputs[2]) }
    var partials: [Graph.Value?] = [
      try graph.channelAffine(gradient, scale: scale, mean: nil, shift: nil),
      try graph.add(graph.row(2, of: moments), graph.multiply(total, distance)),
    ]
    if hasMean { partials.append(try graph.negate(graph.multiply(total, scale))) }
    if hasShift { partials.append(total) }
    return partials
  }

  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    let (x, scale) = (inputs[0], inputs[1])
    let mean = hasMean ? inputs[2] : nil
    var terms: [Graph.Value] = []
    if let tangent = tangents[0] {
      terms.append(try graph.channelAffine(tangent, scale: scale, mean: nil, shift: nil))
    }
    if let tangent = tangents[1] {
      terms.append(try graph.channelAffine(x, scale: tangent, mean: mean, shift: nil))
    }
    if hasMean, let tangent = tangents[2] {
      let moved = try graph.negate(graph.multiply(scale, tangent))
      terms.append(try graph.broadcast(graph.channelColumn(moved, like: x), to: graph.shape(of: x)))
    }
    if hasShift, let tangent = tangents[inputs.count - 1] {
      terms.append(try graph.broadcast(graph.channelColumn(tangent, like: x), to: graph.shape(of: x)))
    }
    return try graph.total(terms)
  }
}

extension Graph {
  /// See `ChannelAffine`.
  mutating func channelAffine(
    _ x: Value, scale: Value, mean: Value?, shift: Value?
  ) throws(GraphError) -> Value {
    try apply(
      ChannelAffine(hasMean: mean != nil, hasShift: shift != nil), [x, scale] + [mean, shift].compactMap { $0 })
  }
}
