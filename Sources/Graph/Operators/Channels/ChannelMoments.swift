import Tensor

/// Inputs (u, v), both `[N, C, ...]`: for each channel the sum of u, the sum of v, and the sum of (u - mean u) (v - mean v),
/// as `[3, C]`; in one pass. All that batch normalisation, and its derivatives, need to know of a batch.
struct ChannelMoments: Operator {
  static let name = "channel-moments"

  func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(2, inputs)
    guard inputs[0] == inputs[1], inputs[0].rank >= 2 else {
      throw mismatch(inputs, "expected two [N, C, ...] of the same shape")
    }
    return try checkedShape([3, inputs[0][1]], inputs)
  }

  func evaluate(_ kernel: KernelArguments) {
    let shape = kernel.inputShapes[0]
    let (images, channels) = (shape[0], shape[1])
    let positions = shape.dimensions.dropFirst(2).reduce(1, *)
    let (u, v, output) = (kernel.inputs[0], kernel.inputs[1], kernel.output)
    let blockSize = KernelArguments.blockSize(work: 2 * images * positions)
    kernel.forEachBlock(of: channels, blockSize: blockSize) { range, _ in
      for channel in range {
        var sums = Sums(images * positions > 0 ? (u[channel * positions], v[channel * positions]) : (0, 0))
        for image in 0..<images {
          let start = (image * channels + channel) * positions
          if u == v { sums.add(u + start, count: positions) } else { sums.add(u + start, v + start, count: positions) }
        }
        let result = sums.result(count: images * positions)
        output[channel] = result.u
        output[channels + channel] = result.v
        output[2 * channels + channel] = result.product
      }
    }
  }

  // With m the means: d product = sum of du (v - m_v) + (u - m_u) dv, for the deviations sum to zero.
  func reverse(
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

  func forward(
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

/// Sums over one channel. Numbers are taken relative to the channel's first, so that a large mean costs no digits, summed in
/// single precision over a few at a time, and these sums in double precision.
private struct Sums {
  private typealias Lanes = SIMD16<Float>

  private let originU: Float
  private let originV: Float
  private var u = 0.0
  private var v = 0.0
  private var product = 0.0

  init(_ origin: (u: Float, v: Float)) { (originU, originV) = origin }

  /// Numbers that each of 16 lanes sums in single precision.
  private static let run = 8

  mutating func add(_ x: UnsafePointer<Float>, count: Int) {
    var index = 0
    let origin = Lanes(repeating: originU)
    while index + 16 <= count {
      let end = min(count - 15, index + 16 * Self.run)
      var (sum, squares) = (Lanes.zero, Lanes.zero)
      while index < end {
        let a = UnsafeRawPointer(x + index).loadUnaligned(as: Lanes.self) - origin
        sum += a
        squares += a * a
        index += 16
      }
      u += Self.total(sum)
      product += Self.total(squares)
    }
    while index < count {
      let a = Double(x[index] - originU)
      u += a
      product += a * a
      index += 1
    }
    v = u
  }

  mutating func add(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, count: Int) {
    var index = 0
    let (originX, originY) = (Lanes(repeating: originU), Lanes(repeating: originV))
    while index + 16 <= count {
      let end = min(count - 15, index + 16 * Self.run)
      var (sumX, sumY, products) = (Lanes.zero, Lanes.zero, Lanes.zero)
      while index < end {
        let a = UnsafeRawPointer(x + index).loadUnaligned(as: Lanes.self) - originX
        let b = UnsafeRawPointer(y + index).loadUnaligned(as: Lanes.self) - originY
        sumX += a
        sumY += b
        products += a * b
        index += 16
      }
      u += Self.total(sumX)
      v += Self.total(sumY)
      product += Self.total(products)
    }
    while index < count {
      let (a, b) = (Double(x[index] - originU), Double(y[index] - originV))
      u += a
      v += b
      product += a * b
      index += 1
    }
  }

  func result(count: Int) -> (u: Float, v: Float, product: Float) {
    let n = Double(count)
    return (
      Float(u + n * Double(originU)), Float(v + n * Double(originV)), Float(product - (n > 0 ? u * v / n : 0))
    )
  }

  @inline(__always)
  private static func total(_ lanes: Lanes) -> Double {
    let eight = lanes.lowHalf + lanes.highHalf
    let four = SIMD4<Double>(eight.lowHalf) + SIMD4<Double>(eight.highHalf)
    return four.sum()
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
