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
