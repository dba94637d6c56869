import Tensor

/// Normalisation layers, composed of elementary operators so that every derivative follows.
extension Graph {
  /// Batch normalisation in inference mode: (x - mean) / sqrt(variance + epsilon) * scale + shift, all `[C]`.
  /// With constant statistics the optimiser folds it into the layer before.
  package mutating func batchNorm(
    _ x: Value, scale: Value?, shift: Value?, mean: Value, variance: Value, epsilon: Float
  ) throws(GraphError) -> Value {
    let row = shape(of: variance)
    guard shape(of: mean) == row, row.rank == 1 else {
      throw .shape(
        operation: "batch-norm", inputs: [shape(of: x), shape(of: mean), row],
        reason: "expected a mean and a variance per channel")
    }
    let deviation = try squareRoot(add(variance, constant(epsilon)))
    let factor = try divide(scale ?? constant(1), deviation)
    let scaledMean = try multiply(mean, factor)
    let offset = if let shift { try subtract(shift, scaledMean) } else { try negate(scaledMean) }
    return try add(multiply(x, channelColumn(factor, like: x)), channelColumn(offset, like: x))
  }

  /// Batch normalisation with the statistics of the batch itself, as in training.
  /// - Returns: the output, and the batch's mean and biased variance, both `[C]`.
  package mutating func batchNormTraining(
    _ x: Value, scale: Value?, shift: Value?, epsilon: Float
  ) throws(GraphError) -> (output: Value, mean: Value, variance: Value) {
    let shape = shape(of: x)
    guard shape.rank >= 2 else {
      throw .shape(operation: "batch-norm", inputs: [shape], reason: "expected [N, C, ...]")
    }
    let channels: Shape = [shape[1]]
    let count = constant(1 / Float(max(1, shape.count / max(1, shape[1]))))
    let moments = try channelMoments(x, x)
    let mean = try multiply(row(0, of: moments), count)
    let variance = try multiply(row(2, of: moments), count)
    let factor = try divide(
      scale ?? constant(Tensor(shape: channels, repeating: 1)), squareRoot(add(variance, constant(epsilon))))
    return (try channelAffine(x, scale: factor, mean: mean, shift: shift), mean, variance)
  }

  /// Group normalisation of `[N, C, ...]`; scale and shift are `[C]`. With one channel per group it is instance
  /// normalisation.
  package mutating func groupNorm(
    _ x: Value, groups: Int, scale: Value?, shift: Value?, epsilon: Float
  ) throws(GraphError) -> Value {
    let shape = shape(of: x)
    guard shape.rank >= 2, groups >= 1, groups <= shape[1], shape[1] % groups == 0 else {
      throw .shape(
        operation: "group-norm", inputs: [shape], reason: "the channels do not divide into \(groups) groups")
    }
    let rows = shape[0] == 0 ? 0 : shape.count / (shape[0] * groups)
    let grouped = try reshape(x, to: [shape[0], groups, rows])
    var output = try reshape(apply(Standardise(epsilon: epsilon), [grouped]), to: shape)
    if let scale { output = try multiply(output, channelColumn(scale, like: x)) }
    if let shift { output = try add(output, channelColumn(shift, like: x)) }
    return output
  }

  /// Layer normalisation over the last `axes` axes; scale and shift have their shape.
  package mutating func layerNorm(
    _ x: Value, axes count: Int = 1, scale: Value?, shift: Value?, epsilon: Float
  ) throws(GraphError) -> Value {
    let shape = shape(of: x)
    let rank = shape.rank
    guard count >= 1, count <= rank else {
      throw .shape(operation: "layer-norm", inputs: [shape], reason: "cannot normalise over \(count) axes")
    }
    let normalised = Shape(Array(shape.dimensions.suffix(count)))
    for parameter in [scale, shift].compactMap({ $0 }) where self.shape(of: parameter) != normalised {
      throw .shape(
        operation: "layer-norm", inputs: [shape, self.shape(of: parameter)],
        reason: "expected a scale and a shift of shape \(normalised)")
    }
    let rows = try reshape(x, to: Shape(shape.dimensions.dropLast(count) + [normalised.count]))
    var output = try reshape(apply(Standardise(epsilon: epsilon), [rows]), to: shape)
    if let scale { output = try multiply(output, scale) }
    if let shift { output = try add(output, shift) }
    return output
  }
}
