import Tensor

/// Inputs (u, v), both `[N, C, ...]`: for each channel the sum of u, the sum of v, and the sum of (u - mean u) (v - mean v),
/// as `[3, C]`; in one pass. All that batch normalisation, and its derivatives, need to know of a batch.
package struct ChannelMoments: Operator {
  package static let name = "channel-moments"

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(2, inputs)
    guard inputs[0] == inputs[1], inputs[0].rank >= 2 else {
      throw mismatch(inputs, "expected two [N, C, ...] of the same shape")
    }
    return try checkedShape([3, inputs[0][1]], inputs)
  }

  // With m the means: d product = sum of du (v - m_v) + (u - m_u) dv, for the deviations sum to zero.
  package func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    let (ofU, ofV, ofProduct) = (
      try graph.row(0, of: gradient), try graph.row(1, of: gradient), try graph.row(2, of: gradient)
    )
    let meanU = try mean(&graph, 0, output, inputs[0])
    if inputs[0] == inputs[1] {
      let twice = try graph.add(ofProduct, ofProduct)
      return [try graph.channelAffine(inputs[0], scale: twice, mean: meanU, shift: graph.add(ofU, ofV)), nil]
    }
    let meanV = try mean(&graph, 1, output, inputs[1])
    return [
      try graph.channelAffine(inputs[1], scale: ofProduct, mean: meanV, shift: ofU),
      try graph.channelAffine(inputs[0], scale: ofProduct, mean: meanU, shift: ofV),
    ]
  }

  package func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    let channels = graph.shape(of: output)[1]
    var rows = [Graph.Value](repeating: graph.constant(Tensor(shape: [channels], repeating: 0)), count: 3)
    if let tangent = tangents[0] {
      let moments = try graph.apply(self, [tangent, inputs[1]])
      rows[0] = try graph.row(0, of: moments)
      rows[2] = try graph.add(rows[2], graph.row(2, of: moments))
    }
    if let tangent = tangents[1] {
      let moments = try graph.apply(self, [inputs[0], tangent])
      rows[1] = try graph.row(1, of: moments)
      rows[2] = try graph.add(rows[2], graph.row(2, of: moments))
    }
    var matrices: [Graph.Value] = []
    for row in rows { matrices.append(try graph.reshape(row, to: [1, channels])) }
    return try graph.concatenate(matrices, axis: 0)
  }

  private func mean(
    _ graph: inout Graph, _ row: Int, _ output: Graph.Value, _ input: Graph.Value
  ) throws(GraphError) -> Graph.Value {
    let shape = graph.shape(of: input)
    let count = shape.count / max(1, shape[1])
    return try graph.multiply(graph.row(row, of: output), graph.constant(1 / Float(max(1, count))))
  }
}

extension Graph {
  /// Row `index` of a matrix as `[columns]`.
  mutating func row(_ index: Int, of matrix: Value) throws(GraphError) -> Value {
    let columns = shape(of: matrix)[1]
    return try reshape(slice(matrix, axis: 0, start: index, count: 1), to: [columns])
  }

  /// See `ChannelMoments`.
  mutating func channelMoments(_ u: Value, _ v: Value) throws(GraphError) -> Value {
    try apply(ChannelMoments(), [u, v])
  }
}
