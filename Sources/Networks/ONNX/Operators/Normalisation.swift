import Graph
import Tensor

extension ONNXOperators {
  static let normalisation: [ONNXOperator] = [
    .real("BatchNormalization") { node, graph in
      guard try !node.flag("training_mode"), try node.flag("spatial", true) else {
        throw node.failure("has training_mode 1 or spatial 0; export the model after model.eval()")
      }
      // Before opset 14 nothing but its further outputs, the new statistics, said that those of the batch are used.
      guard node.opset >= 14 || node.outputCount <= 1 else {
        throw node.failure(
          "is in training form (it has \(node.outputCount) outputs); export the model after model.eval()")
      }
      return try graph.batchNorm(
        node.value(0, &graph), scale: node.value(1, &graph), shift: node.value(2, &graph),
        mean: node.value(3, &graph), variance: node.value(4, &graph), epsilon: node.float("epsilon", 1e-5))
    },
    .real("InstanceNormalization") { node, graph in
      let x = try node.value(0, &graph)
      let shape = graph.shape(of: x)
      guard shape.rank >= 2 else { throw node.failure("expected [N, C, ...], got \(shape)") }
      return try graph.groupNorm(
        x, groups: shape[1], scale: node.value(1, &graph), shift: node.value(2, &graph),
        epsilon: node.float("epsilon", 1e-5))
    },
    .real("GroupNormalization", opsets: 18...opsets.upperBound) { node, graph in
      let x = try node.value(0, &graph)
      let shape = graph.shape(of: x)
      guard let groups = try node.int("num_groups"), shape.rank >= 2, groups >= 1, groups <= shape[1],
        shape[1] % groups == 0
      else { throw node.failure("the channels of \(shape) do not divide into num_groups") }
      /// One number per group up to opset 20, one per channel since.
      func channels(_ index: Int, _ graph: inout Graph) throws -> Graph.Value {
        let values = try node.value(index, &graph)
        guard node.opset < 21, graph.shape(of: values) == [groups] else { return values }
        let column = try graph.broadcast(graph.reshape(values, to: [groups, 1]), to: [groups, shape[1] / groups])
        return try graph.reshape(column, to: [shape[1]])
      }
      return try graph.groupNorm(
        x, groups: groups, scale: channels(1, &graph), shift: channels(2, &graph),
        epsilon: node.float("epsilon", 1e-5))
    },
    ONNXOperator("LayerNormalization", opsets: 17...opsets.upperBound) { node, graph in
      let x = try node.value(0, &graph)
      let rank = graph.shape(of: x).rank
      let axis = try node.axis(node.int("axis", -1), rank: rank)
      let epsilon = try node.float("epsilon", 1e-5)
      let plain = try graph.layerNorm(x, axes: rank - axis, scale: nil, shift: nil, epsilon: epsilon)
      let scaled = try graph.multiply(plain, node.value(1, &graph))
      let shifted = try node.optionalValue(2, &graph).map { try graph.add(scaled, $0) } ?? scaled
      guard node.outputCount > 1 else { return [.real(shifted)] }
      let (mean, inverse) = try moments(x, axes: Array(axis..<rank), epsilon: epsilon, &graph)
      return [.real(shifted), .real(mean), .real(inverse)]
    },
    .real("RMSNormalization", opsets: 23...opsets.upperBound) { node, graph in
      let x = try node.value(0, &graph)
      let rank = graph.shape(of: x).rank
      let axis = try node.axis(node.int("axis", -1), rank: rank)
      let square = try graph.mean(graph.multiply(x, x), axes: Array(axis..<rank))
      let deviation = try graph.squareRoot(graph.add(square, graph.constant(node.float("epsilon", 1e-5))))
      return try graph.multiply(graph.divide(x, deviation), node.value(1, &graph))
    },
    .real("MeanVarianceNormalization", opsets: 9...opsets.upperBound) { node, graph in
      let x = try node.value(0, &graph)
      let axes = try node.axes(node.ints("axes") ?? [0, 2, 3], rank: graph.shape(of: x).rank)
      let mean = try graph.mean(x, axes: axes)
      let centred = try graph.subtract(x, mean)
      let deviation = try graph.squareRoot(graph.mean(graph.multiply(centred, centred), axes: axes))
      return try graph.divide(centred, graph.add(deviation, graph.constant(1e-9)))
    },
    .real("LpNormalization") { node, graph in
      let x = try node.value(0, &graph)
      let axis = try node.axis(node.int("axis", -1), rank: graph.shape(of: x).rank)
      let order = try order(node)
      let total = try graph.sum(powers(x, order, &graph), axes: [axis])
      // Zeros stay zeros, with a derivative of 0.
      let isZero = try graph.equal(total, graph.constant(0))
      let norm = try graph.root(ofPowers: graph.select(isZero, graph.constant(1), total), order: order)
      return try graph.select(isZero, graph.constant(0), graph.divide(x, norm))
    },
    .real("LRN", localResponse),
  ]

  /// The mean and 1 / sqrt(variance + epsilon).
  private static func moments(
    _ x: Graph.Value, axes: [Int], epsilon: Float, _ graph: inout Graph
  ) throws -> (mean: Graph.Value, inverse: Graph.Value) {
    let mean = try graph.mean(x, axes: axes)
    let centred = try graph.subtract(x, mean)
    let variance = try graph.mean(graph.multiply(centred, centred), axes: axes)
    let deviation = try graph.squareRoot(graph.add(variance, graph.constant(epsilon)))
    return (mean, try graph.divide(graph.constant(1), deviation))
  }

  /// x / (bias + alpha / size * (sum of the squares of `size` neighbouring channels))^beta (Krizhevsky et al. 2012).
  @Sendable private static func localResponse(_ node: NodeContext, _ graph: inout Graph) throws -> Graph.Value {
    let x = try node.value(0, &graph)
    let shape = graph.shape(of: x)
    guard shape.rank >= 2, let size = try node.int("size"), (1...1 << 16).contains(size) else {
      throw node.failure("expected [N, C, ...] and a positive size, got \(shape)")
    }
    let positions = shape.dimensions.dropFirst(2).reduce(1, *)
    let columns = try graph.reshape(graph.multiply(x, x), to: [shape[0], 1, shape[1], positions])
    // A mean with padding as zeros divides by the whole size, as the formula does.
    let window = PoolingWindow(
      height: size, width: 1,
      geometry: ConvolutionGeometry(
        stride: (1, 1), padding: (top: (size - 1) / 2, left: 0, bottom: size / 2, right: 0)))
    let mean = try graph.reshape(graph.averagePool2d(columns, window), to: shape)
    let base = try graph.add(
      graph.constant(node.float("bias", 1)), graph.multiply(graph.constant(node.float("alpha", 1e-4)), mean))
    return try graph.divide(x, graph.power(base, graph.constant(node.float("beta", 0.75))))
  }
}
