import Graph

extension LayerType {
  /// Elementwise functions, and softmax.
  static let activationTypes = [
    LayerType(name: "ReLU", summary: "max(x, 0)", options: []) { builder, _ in
      builder.value = try builder.graph.relu(builder.value)
    },
    LayerType(
      name: "LeakyReLU", summary: "x, times `negativeSlope` (0.01) below zero", options: ["negativeSlope"]
    ) { builder, context in
      builder.value = try builder.graph.relu(
        builder.value, slope: context.number(\.negativeSlope, "negativeSlope", default: 0.01))
    },
    LayerType(
      name: "RReLU", summary: "x, below zero times the mean of `lower` (1/8) and `upper` (1/3), as in inference",
      options: ["lower", "upper"]
    ) { builder, context in
      let lower = try context.number(\.lower, "lower", default: 1 / 8)
      let upper = try context.number(\.upper, "upper", default: 1 / 3)
      guard lower <= upper else { throw context.invalid("lower", "is above `upper`") }
      builder.value = try builder.graph.relu(builder.value, slope: (lower + upper) / 2)
    },
    LayerType(name: "Softplus", summary: "log(1 + exp(`beta` x)) / `beta` (1)", options: ["beta"]) { builder, context in
      let beta = try context.number(\.beta, "beta", default: 1)
      guard beta > 0 else { throw context.invalid("beta", "must be positive") }
      builder.value = try builder.graph.softplus(builder.value, beta: beta)
    },
    LayerType(name: "Sigmoid", summary: "1 / (1 + exp(-x))", options: []) { builder, _ in
      builder.value = try builder.graph.sigmoid(builder.value)
    },
    LayerType(name: "Tanh", summary: "tanh(x)", options: []) { builder, _ in
      builder.value = try builder.graph.tanh(builder.value)
    },
    LayerType(
      name: "GELU", summary: "x Phi(x), or its `approximate` form \"tanh\"", options: ["approximate"]
    ) { builder, context in
      let approximate = context.layer.approximate ?? "none"
      guard ["none", "tanh"].contains(approximate) else {
        throw context.invalid("approximate", "is `\(approximate)`, expected `none` or `tanh`")
      }
      builder.value = try builder.graph.gelu(builder.value, tanhApproximation: approximate == "tanh")
    },
    LayerType(name: "SiLU", summary: "x sigmoid(x)", options: []) { builder, _ in
      builder.value = try builder.graph.silu(builder.value)
    },
    LayerType(name: "ELU", summary: "x, below zero `alpha` (1) (exp(x) - 1)", options: ["alpha"]) { builder, context in
      builder.value = try builder.graph.elu(builder.value, alpha: context.number(\.alpha, "alpha", default: 1))
    },
    LayerType(
      name: "CELU", summary: "x, below zero `alpha` (1) (exp(x / `alpha`) - 1)", options: ["alpha"]
    ) { builder, context in
      let alpha = try context.number(\.alpha, "alpha", default: 1)
      // The quotient is what is computed with.
      guard alpha != 0, (1 / alpha).isFinite else {
        throw context.invalid("alpha", "is \(alpha), expected another than 0")
      }
      builder.value = try builder.graph.elu(builder.value, alpha: alpha, rate: 1 / alpha)
    },
    LayerType(name: "SELU", summary: "scaled ELU with the constants of its paper", options: []) { builder, _ in
      builder.value = try builder.graph.selu(builder.value)
    },
    LayerType(name: "Mish", summary: "x tanh(softplus(x))", options: []) { builder, _ in
      builder.value = try builder.graph.mish(builder.value)
    },
    LayerType(name: "Softsign", summary: "x / (1 + |x|)", options: []) { builder, _ in
      builder.value = try builder.graph.softsign(builder.value)
    },
    LayerType(name: "Hardsigmoid", summary: "x / 6 + 1 / 2, limited to [0, 1]", options: []) { builder, _ in
      builder.value = try builder.graph.hardSigmoid(builder.value)
    },
    LayerType(name: "Hardswish", summary: "x times its Hardsigmoid", options: []) { builder, _ in
      builder.value = try builder.graph.hardSwish(builder.value)
    },
    LayerType(name: "ReLU6", summary: "limits x to [0, 6]", options: []) { builder, _ in
      builder.value = try builder.graph.clip(builder.value, lower: 0, upper: 6, includesBounds: false)
    },
    LayerType(
      name: "Hardtanh", summary: "limits x to [`minVal` (-1), `maxVal` (1)]", options: ["minVal", "maxVal"]
    ) { builder, context in
      let lower = try context.number(\.minVal, "minVal", default: -1)
      let upper = try context.number(\.maxVal, "maxVal", default: 1)
      guard lower <= upper else { throw context.invalid("minVal", "is above `maxVal`") }
      builder.value = try builder.graph.clip(builder.value, lower: lower, upper: upper, includesBounds: false)
    },
    LayerType(name: "LogSigmoid", summary: "-log(1 + exp(-x))", options: []) { builder, _ in
      builder.value = try builder.graph.logSigmoid(builder.value)
    },
    LayerType(name: "Tanhshrink", summary: "x - tanh(x)", options: []) { builder, _ in
      builder.value = try builder.graph.subtract(builder.value, builder.graph.tanh(builder.value))
    },
    LayerType(
      name: "Hardshrink", summary: "x, but 0 where |x| is at most `lambd` (1/2)", options: ["lambd"]
    ) { builder, context in
      builder.value = try builder.graph.shrink(builder.value, threshold: context.shrinkage())
    },
    LayerType(
      name: "Softshrink", summary: "x by `lambd` (1/2) nearer to 0, and 0 where |x| is at most that", options: ["lambd"]
    ) { builder, context in
      let lambd = try context.shrinkage()
      builder.value = try builder.graph.shrink(builder.value, threshold: lambd, bias: lambd)
    },
    LayerType(
      name: "Threshold", summary: "x where it is above `threshold`, else `value`", options: ["threshold", "value"]
    ) { builder, context in
      builder.value = try builder.graph.threshold(
        builder.value, at: context.number(\.threshold, "threshold"), value: context.number(\.value, "value"))
    },
    LayerType(
      name: "GLU", summary: "the first half of `axis` (-1) times the sigmoid of the second", options: ["axis"]
    ) { builder, context in
      let axis = try context.axis(context.layer.axis ?? -1, rank: builder.shape.rank)
      let count = builder.shape[axis] / 2
      guard axis > 0 else { throw context.invalid("axis", "is the batch") }
      guard builder.shape[axis] % 2 == 0 else {
        throw context.invalid("axis", "has extent \(builder.shape[axis]), which has no two halves")
      }
      let first = try builder.graph.slice(builder.value, axis: axis, start: 0, count: count)
      let second = try builder.graph.slice(builder.value, axis: axis, start: count, count: count)
      builder.value = try builder.graph.multiply(first, builder.graph.sigmoid(second))
    },
    LayerType(
      name: "Clip", summary: "limits x to [`minimum`, `maximum`]", options: ["minimum", "maximum"]
    ) { builder, context in
      let lower = try context.layer.minimum == nil ? -.infinity : context.number(\.minimum, "minimum")
      let upper = try context.layer.maximum == nil ? .infinity : context.number(\.maximum, "maximum")
      guard lower <= upper else { throw context.invalid("minimum", "is above `maximum`") }
      // As PyTorch's relu6 and hardtanh, for which it stands, on the bounds.
      builder.value = try builder.graph.clip(builder.value, lower: lower, upper: upper, includesBounds: false)
    },
    LayerType(name: "Scale", summary: "x times `value`", options: ["value"]) { builder, context in
      let factor = builder.graph.constant(try context.number(\.value, "value"))
      builder.value = try builder.graph.multiply(builder.value, factor)
    },
    LayerType(name: "Shift", summary: "x plus `value`", options: ["value"]) { builder, context in
      let offset = builder.graph.constant(try context.number(\.value, "value"))
      builder.value = try builder.graph.add(builder.value, offset)
    },
    LayerType(name: "Softmax", summary: "softmax over the last axis", options: []) { builder, context in
      try builder.requireRank(2, context)
      builder.value = try builder.graph.softmax(builder.value)
    },
    LayerType(name: "Softmin", summary: "softmax of -x over the last axis", options: []) { builder, context in
      try builder.requireRank(2, context)
      builder.value = try builder.graph.softmax(builder.graph.negate(builder.value))
    },
    LayerType(name: "Softmax2d", summary: "softmax over the channels of each place", options: []) { builder, context in
      _ = try builder.imageChannels(context)
      let places = try builder.graph.transpose(builder.value, [0, 2, 3, 1])
      builder.value = try builder.graph.transpose(builder.graph.softmax(places), [0, 3, 1, 2])
    },
    LayerType(name: "LogSoftmax", summary: "log softmax over the last axis", options: []) { builder, context in
      try builder.requireRank(2, context)
      builder.value = try builder.graph.logSoftmax(builder.value)
    },
    LayerType(
      name: "Dropout", summary: "nothing, as in inference; listed so that module lists can be copied", options: []
    ) { _, _ in },
    LayerType(
      name: "Identity", summary: "nothing; listed so that module lists can be copied", options: []
    ) { _, _ in },
  ]
}

extension LayerContext {
  /// PyTorch's `lambd`, with which it accepts nothing negative.
  fileprivate func shrinkage() throws -> Float {
    let lambd = try number(\.lambd, "lambd", default: 0.5)
    guard lambd >= 0 else { throw invalid("lambd", "is negative") }
    return lambd
  }
}
